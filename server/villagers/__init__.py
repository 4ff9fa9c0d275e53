"""Matters for villagers: raising one, and following it."""
