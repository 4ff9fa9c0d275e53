"""Matters between nodes: whom an event concerns, and what a hub takes in."""
