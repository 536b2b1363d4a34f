"""CloudFormation's intrinsic functions and the values that they use."""
