exports.handler = (event, context, callback) => callback(null, { restocked: event, name: context.functionName });
