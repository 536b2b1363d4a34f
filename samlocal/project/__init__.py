"""What all kinds of projects share: discovery, and the lookup of functions."""
