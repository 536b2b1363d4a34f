"""What a sandbox talks to: Lambda's Runtime API, hosted by samlocal.

https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
"""
