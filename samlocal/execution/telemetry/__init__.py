"""Telemetry of execution environments, for extensions that subscribe to it.

https://docs.aws.amazon.com/lambda/latest/dg/telemetry-api.html
"""
