"""Photos and pictures in a second database: kept, made small, sent along, erased."""
