"""What is sent to staff: digests and notices, kept until they were taken."""
