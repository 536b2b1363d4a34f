"""An endpoint of the Lambda API: https://docs.aws.amazon.com/lambda/latest/api/."""
