"""What is not a page: calendars, contact cards, feeds, sitemaps."""
