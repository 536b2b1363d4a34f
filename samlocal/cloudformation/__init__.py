"""Projects of SAM, CloudFormation and the CDK: stacks, and the functions in them."""
