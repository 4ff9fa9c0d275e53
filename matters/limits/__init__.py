"""Time: limits as written, due dates, lights, and what time alone brings."""
