"""Sandboxes in containers, through the Docker Engine API."""
