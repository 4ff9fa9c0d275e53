"""The console, where staff work: plain forms, no script, for phone and PC."""
