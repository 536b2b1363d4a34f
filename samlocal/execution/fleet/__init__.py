"""The fleet: warm execution environments, a pool for each function."""
