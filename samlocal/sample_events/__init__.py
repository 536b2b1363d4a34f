"""Sample events: what services of AWS send to functions, with values of the user in them."""
