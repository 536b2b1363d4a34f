"""CloudFormation's intrinsic functions, and the values that they are made of."""
