"""Material's stylesheet, purged against a made-up county."""
