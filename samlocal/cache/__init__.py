"""What samlocal keeps between commands and can make again."""
