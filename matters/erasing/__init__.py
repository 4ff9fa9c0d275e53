"""Which texts and pictures an erasure takes."""
