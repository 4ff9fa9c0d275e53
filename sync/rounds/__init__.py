"""A round: a question, its answer, and what both sides keep of it."""
