"""The heart: the life of a matter through its six orders, its limits, its ledger, its notices."""
