"""Django's own SQLite, whose transactions take the write lock where they begin."""
