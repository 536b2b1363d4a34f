"""A function's container: what it is created with, and what it tells."""
