// The log of a function: https://docs.aws.amazon.com/lambda/latest/dg/nodejs-logging.html
'use strict';

const { format: formatText } = require('node:util');
const errors = require('./errors.cjs');
const { hasCallbacks } = require('./runtime_version.cjs');
const { invokeStore } = require('./globals.cjs');

const LEVELS = ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'];
const isJson = process.env.AWS_LAMBDA_LOG_FORMAT?.toUpperCase() === 'JSON';
const least = Math.max(LEVELS.indexOf(process.env.AWS_LAMBDA_LOG_LEVEL?.toUpperCase() ?? ''), 0);
const write = process.stdout.write.bind(process.stdout);

// The methods of `console` write lines of the log: each is one line, whatever it contains.
function setUpLogs() {
  waitForWrites(process.stdout);
  waitForWrites(process.stderr);
  for (const level of LEVELS) {
    const isLogged = LEVELS.indexOf(level) >= least || level === 'FATAL';
    console[level.toLowerCase()] = isLogged ? (message, ...rest) => log(level, message, rest) : () => {};
  }
  console.log = console.info;
}

// Node.js keeps back what a pipe does not take at once, and loses it if the process ends with its last invocation.
function waitForWrites(stream) {
  stream._handle?.setBlocking?.(true);
}

function log(level, message, rest) {
  const time = new Date().toISOString();
  // Before the first invocation there is no request.
  const requestId = invokeStore.getRequestId() ?? (hasCallbacks ? undefined : '-');
  const line = isJson
    ? jsonLine(level, time, requestId, message, rest)
    : `${time}\t${requestId}\t${level}\t${formatText(message, ...rest)}`;
  write(`${line.replace(/\n/g, '\r')}\n`);
}

function jsonLine(level, timestamp, requestId, message, rest) {
  const entry = { timestamp, level, requestId };
  const tenantId = invokeStore.getTenantId();
  if (tenantId) entry.tenantId = tenantId;
  if (rest.length === 0) {
    entry.message = message;
    try {
      return JSON.stringify(entry, (_key, value) => (value instanceof Error ? fields(value) : value));
    } catch {
      entry.message = formatText(message);
      return JSON.stringify(entry);
    }
  }
  entry.message = formatText(message, ...rest);
  const error = (hasCallbacks ? [message, ...rest] : rest).find((each) => each instanceof Error);
  if (error) {
    const { errorType, errorMessage, stackTrace } = fields(error);
    Object.assign(entry, { errorType, errorMessage, stackTrace: Array.isArray(stackTrace) ? stackTrace : [] });
  }
  return JSON.stringify(entry);
}

function fields(error) {
  return {
    errorType: error?.constructor?.name ?? 'UnknownError',
    errorMessage: error.message,
    stackTrace: errors.stackOf(error) ?? error.stack,
    ...error,
  };
}

function logError(message, error) {
  const shown = errors.intoError(error);
  if (isJson) console.error(shown);
  else console.error(message, errors.format(shown));
}

module.exports = { logError, setUpLogs };
