"""A function's container: its creation, state and output."""
