"""The figures: what is counted of every matter, by line and month, fairly, with its n."""
