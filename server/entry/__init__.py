"""Matters that staff enter for others: one at a time, a market stall's list, an old file."""
