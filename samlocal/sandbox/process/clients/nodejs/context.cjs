// The context of an invocation: https://docs.aws.amazon.com/lambda/latest/dg/nodejs-context.html
'use strict';

const { concurrency, hasCallbacks } = require('./runtime_version.cjs');

// The invocation as the Runtime API describes it.
function readInvocation(headers) {
  return {
    requestId: headers['lambda-runtime-aws-request-id'],
    traceId: headers['lambda-runtime-trace-id'],
    tenantId: headers['lambda-runtime-aws-tenant-id'],
  };
}

// What the context of an invocation has besides methods that end it.
function contextOf(headers) {
  const { requestId, traceId, tenantId } = readInvocation(headers);
  if (concurrency === 0) setTrace(traceId);
  const deadline = Number(headers['lambda-runtime-deadline-ms']);
  const named = {
    functionVersion: process.env.AWS_LAMBDA_FUNCTION_VERSION,
    functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
  };
  const environment = {
    // In the order of AWS's clients: functions return the whole context.
    ...(hasCallbacks ? named : { functionName: named.functionName, ...named }),
    memoryLimitInMB: process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: process.env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: process.env.AWS_LAMBDA_LOG_STREAM_NAME,
  };
  const invocation = {
    clientContext: parse(headers['lambda-runtime-client-context'], 'ClientContext'),
    identity: parse(headers['lambda-runtime-cognito-identity'], 'CognitoIdentity'),
    invokedFunctionArn: headers['lambda-runtime-invoked-function-arn'],
    awsRequestId: requestId,
    tenantId,
    ...(hasCallbacks ? {} : { xRayTraceId: traceId }),
    getRemainingTimeInMillis: () => deadline - Date.now(),
  };
  return hasCallbacks ? { ...environment, ...invocation } : { ...invocation, ...environment };
}

function setTrace(traceId) {
  if (traceId) process.env._X_AMZN_TRACE_ID = traceId;
  else delete process.env._X_AMZN_TRACE_ID;
}

function parse(text, name) {
  if (text === undefined || text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(`Cannot parse ${name} as json: ${error}`);
  }
}

module.exports = { contextOf, readInvocation };
