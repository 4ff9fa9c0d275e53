"""The command line: `huiyin NOUN VERB`, data on standard output, the rest on standard error."""

from server.command_line.main import main

__all__ = ["main"]
