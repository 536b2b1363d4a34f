exports.handler = async (event) => {
  const response = { statusCode: 200, body: JSON.stringify(`Hello ${event.name}!`) };
  return response;
};

exports.context = async (_event, context) => ({
  ...context,
  remaining: context.getRemainingTimeInMillis(),
  trace: process.env._X_AMZN_TRACE_ID,
});
