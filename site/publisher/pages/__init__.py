"""Each kind of page as data for its template."""
