"""Asynchronous invocations: https://docs.aws.amazon.com/lambda/latest/dg/invocation-async.html."""
