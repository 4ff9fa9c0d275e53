"""A copy of a folder of files, kept up to date a changed file at a time."""
