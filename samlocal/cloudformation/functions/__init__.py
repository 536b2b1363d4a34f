"""The functions and layers of a stack, read from their resources."""
