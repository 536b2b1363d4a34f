"""The cache: files that samlocal keeps between commands and can recreate."""
