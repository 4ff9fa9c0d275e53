"""The public search: `GET /search`, the index of notices and its keeper."""
