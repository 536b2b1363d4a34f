"""Projects of the Serverless Framework: `serverless.yml` and its other formats."""
