"""The CloudFormation template that a Serverless service stands for, as far as functions need it."""
