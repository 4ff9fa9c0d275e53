"""How a node is, told from outside."""
