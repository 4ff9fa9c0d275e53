"""Who is asking, and what they may open: accounts, signing in, keys, locked texts."""
