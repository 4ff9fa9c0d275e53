"""The console, where staff work: plain forms that need no script, for phone and PC."""
