"""Both ends of the exchange: rounds, joining, sticks, and what a person decides of it."""
