"""Matters raised: checked, numbered, known again, taken from old files, split."""
