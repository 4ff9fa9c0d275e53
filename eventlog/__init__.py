"""The floor: an append-only log of events on SQLite, the words beside it, and its projections."""
