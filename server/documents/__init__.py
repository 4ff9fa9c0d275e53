"""Documents drafted from the figures, for people and programs."""
