"""Who may write a replica."""
