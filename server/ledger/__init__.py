"""The ledger for people and programs: what it is asked for, and what stands behind its numbers."""
