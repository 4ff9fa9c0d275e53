"""What people do, whatever the noun: a field, its reader, an act, and what can be refused."""
