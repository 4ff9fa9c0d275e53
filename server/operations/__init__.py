"""How the node is: for supervisors, for Prometheus, for the administrator."""
