"""How the domain is met from outside: addresses, console, command line; `node.py` wires it all."""
