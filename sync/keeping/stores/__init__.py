"""What a replica is made of, read and written by the node itself: objects with names."""
