"""Face-to-face sessions for people and programs."""
