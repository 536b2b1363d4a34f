"""A container engine: how it is found, reached and asked, and what it says."""
