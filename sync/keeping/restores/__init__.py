"""A database brought back from its replica, and compared with the living one."""
