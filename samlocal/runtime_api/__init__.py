"""Lambda's Runtime API for a sandbox, hosted by samlocal.

https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
"""
