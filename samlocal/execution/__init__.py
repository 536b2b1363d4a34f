"""Bringing a sandbox and its Runtime API through Init, Invoke and Shutdown.

https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html
"""
