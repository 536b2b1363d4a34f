"""What all kinds of projects share: their protocol, discovery, parameter overrides, and the lookup of functions."""
