"""What API Gateway, function URLs and load balancers do with a request before and after a function."""
