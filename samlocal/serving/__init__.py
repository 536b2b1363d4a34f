"""A project that is served: its functions are prepared on demand, and again after a change."""
