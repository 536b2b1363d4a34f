exports.main = async (event, context) => {
  console.log('a line of the log');
  return {
    event,
    requestId: context.awsRequestId,
    name: context.functionName,
    remaining: context.getRemainingTimeInMillis(),
    custom: context.clientContext ? context.clientContext.custom : null,
    environment: process.env,
  };
};
