"""The phases of an execution environment: Init, Invoke and Shutdown.

https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html
"""
