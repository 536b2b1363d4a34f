"""How a container reaches the Runtime API."""
