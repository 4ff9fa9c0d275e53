"""A peer of the exchange: an app of Django's that holds submissions and syncs them by morango."""
