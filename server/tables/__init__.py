"""Spreadsheets and lists, read as rows and written again."""
