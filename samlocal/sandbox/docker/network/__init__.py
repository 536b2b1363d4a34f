"""The connection of a container to the Runtime API."""
