"""A runtime interface client for Python: it needs no package, and runs on Python 3.8 and later.

A function sees of it what it sees of AWS's, `awslambdaric`:
https://github.com/aws/aws-lambda-python-runtime-interface-client
"""
