"""Function URLs (`FunctionUrlConfig`, `AWS::Lambda::Url`)."""
