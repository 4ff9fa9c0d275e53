"""Every benchmark beside its peers: `python -m bench`, or `make bench`, which sets up the peers."""
