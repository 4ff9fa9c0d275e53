"""Face-to-face sessions (面对面): questions, answers and promises, and whether they were kept."""
