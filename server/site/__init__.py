"""The public site: kept up to date at a hub, copied at a station, handed out by both."""
