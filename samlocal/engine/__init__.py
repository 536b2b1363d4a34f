"""A container engine: discovery, connections and calls."""
