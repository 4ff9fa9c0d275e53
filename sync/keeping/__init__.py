"""Litestream and what it keeps: the replica, what is durable, restoring."""
