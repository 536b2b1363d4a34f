// What the function's runtime has, which may be another version than the Node.js that runs here.
'use strict';

const runtime = Number(/nodejs(\d+)/.exec(process.env.AWS_EXECUTION_ENV ?? '')?.[1]);
const concurrency = Number(process.env.AWS_LAMBDA_MAX_CONCURRENCY ?? 0);

module.exports = {
  runtime,
  // How many invocations run at once, on managed instances; else 0.
  concurrency,
  // https://docs.aws.amazon.com/lambda/latest/dg/nodejs-handler.html
  hasCallbacks: runtime < 24 && concurrency === 0,
};
