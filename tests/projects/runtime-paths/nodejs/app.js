const fromLayer = require("from-layer");

exports.handler = async (event, context) => ({
  event,
  context: [context.functionName, context.awsRequestId, context.invokedFunctionArn],
  path: process.env.NODE_PATH.split(":"),
  layer: fromLayer,
  environment: process.env.AWS_EXECUTION_ENV,
  wrapped: process.env.WRAPPED ?? null,
});
