"""HTTP, and nothing of any feature: bodies, errors, pages, languages, compression."""
