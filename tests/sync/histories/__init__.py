"""Random histories of two hubs and their stations by the million steps; each seed replays."""
