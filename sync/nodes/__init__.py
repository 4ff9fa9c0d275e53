"""The nodes below a hub: enrolled, shut out, and what they did that somebody should know."""
