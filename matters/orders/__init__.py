"""The six orders, a module each: the commands of an order, what they ask for and what they change.

`matters/commands.py` puts them together into the one table that everything else reads.
"""
