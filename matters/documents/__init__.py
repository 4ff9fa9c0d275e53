"""Documents drafted from the figures: commended, criticised or reported, edited and signed."""
