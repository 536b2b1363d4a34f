"""What every kind of project has: how it is found, and how its functions are named."""
