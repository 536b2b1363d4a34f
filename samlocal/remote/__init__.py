"""Functions that are deployed: found in their stack and invoked, through boto3 (the `aws` extra)."""
