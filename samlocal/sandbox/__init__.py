"""Where a runtime runs: the protocol that every kind of sandbox keeps, and its words."""
