"""Authorizers of API Gateway: Lambda functions, JSON Web Tokens, Cognito user pools and IAM."""
