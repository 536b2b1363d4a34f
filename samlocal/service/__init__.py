"""The background service behind `--keep-warm`: it holds a fleet between commands."""
