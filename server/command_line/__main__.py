"""`python -m server.command_line`, for processes that the server starts itself."""

from server.command_line.main import main

main()
