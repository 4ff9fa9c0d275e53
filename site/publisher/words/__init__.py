"""How records are put into Chinese and English, and staff's Markdown into HTML."""
