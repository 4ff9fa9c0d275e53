"""Photos on their way from a station to its hub, in parts that resume."""
