"""Sandboxes, in which runtimes run: their protocol, plans and diagnostics."""
