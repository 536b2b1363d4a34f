"""Projects of SAM, CloudFormation and the CDK: stacks and their functions."""
