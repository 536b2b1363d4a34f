// A runtime interface client for Node.js: it needs no package, and runs on Node.js 16 and later. A function sees of it what it
// sees of AWS's: https://github.com/aws/aws-lambda-nodejs-runtime-interface-client
//
// Lambda's Node.js 24 has the fourth version of that client, without callbacks; older runtimes have the third.
'use strict';

const { setUpLogs, logError } = require('./logs.cjs');
const { RuntimeApi } = require('./api.cjs');
const { describe, UnhandledPromiseRejection } = require('./errors.cjs');
const { loadHandler } = require('./handlers.cjs');
const { setUpGlobals } = require('./globals.cjs');
const { isStreaming } = require('./streams.cjs');
const { hasCallbacks, concurrency } = require('./runtime_version.cjs');

async function main() {
  setUpGlobals();
  setUpLogs();
  const api = new RuntimeApi(process.env.AWS_LAMBDA_RUNTIME_API);
  const uncaught = hasCallbacks ? watchErrors(api) : undefined;
  let handler;
  process.once('beforeExit', exitUnsettled);
  try {
    handler = await loadHandler(process.env.LAMBDA_TASK_ROOT, process.env._HANDLER);
    isStreaming(handler); // an unknown kind of streaming is an error of Init
  } catch (error) {
    if (uncaught) {
      uncaught.exception(error);
      return;
    }
    logError('Init Error', error);
    await api.reportInitError(describe(error));
    throw error;
  } finally {
    process.off('beforeExit', exitUnsettled);
  }
  const loops = concurrency > 0 ? concurrency : 1;
  for (let number = 0; number < loops; number++) {
    const { Runtime } = hasCallbacks ? require('./callbacks.cjs') : require('./promises.cjs');
    const connection = number === 0 ? api : new RuntimeApi(process.env.AWS_LAMBDA_RUNTIME_API);
    new Runtime(connection, handler, uncaught).start();
  }
}

// A module that waits for what never happens ends Node.js, which has a status for that; AWS's fourth client ends with 0 then.
// https://nodejs.org/api/process.html#exit-codes
function exitUnsettled() {
  process.exit(hasCallbacks ? 13 : 0);
}

// What nobody catches ends the process, after a report about the invocation, or about Init before the first one.
function watchErrors(api) {
  const uncaught = {
    requestId: undefined,
    exception: (error) => fail('Uncaught Exception', error, 129),
  };
  const fail = (message, error, status) => {
    logError(message, error);
    const { requestId } = uncaught;
    const told = requestId === undefined ? api.reportInitError(describe(error)) : api.reportError(requestId, error);
    told.finally(() => process.exit(status));
  };
  process.on('uncaughtException', uncaught.exception);
  process.on('unhandledRejection', (reason, promise) => {
    fail('Unhandled Promise Rejection', new UnhandledPromiseRejection(reason, promise), 128);
  });
  return uncaught;
}

main();
