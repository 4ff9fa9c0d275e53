"""The county's registers: at hand, edited, imported, shown and given back as files."""
