"""HTTP APIs (`AWS::Serverless::HttpApi`, `AWS::ApiGatewayV2::Api`)."""
