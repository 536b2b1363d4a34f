"""Web functions: programs that are HTTP servers themselves, behind an endpoint.

https://docs.aws.amazon.com/boto3/latest/reference/services/lambda-web.html
"""
