"""samlocal runs AWS Lambda functions on a developer's own machine."""

__version__ = "0.1.0"
