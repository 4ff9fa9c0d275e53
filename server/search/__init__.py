"""The search for villagers: what they are answered, what is looked through, what is kept for it."""
