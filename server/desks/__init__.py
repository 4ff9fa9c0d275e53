"""Matters for staff: lists, commands, drafts, publishing, market days, handovers, imports."""
