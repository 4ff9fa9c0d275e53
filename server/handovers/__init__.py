"""Handovers: many matters dispatched in one act, for people and programs."""
