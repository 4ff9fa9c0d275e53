"""What the public may read: notices and the ledger."""
