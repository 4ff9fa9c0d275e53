"""A death and an error at each call that writes, flushes, renames or removes, one by one."""
