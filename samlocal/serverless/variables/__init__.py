"""The variables of a Serverless configuration: `${source(parameters):address, fallback}`."""
