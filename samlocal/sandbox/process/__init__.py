"""Sandboxes that are plain processes on this machine."""
