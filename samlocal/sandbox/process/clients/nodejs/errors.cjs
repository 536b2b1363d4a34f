// Errors as Lambda reports them: https://docs.aws.amazon.com/lambda/latest/dg/nodejs-exceptions.html
'use strict';

const { types } = require('node:util');
const { hasCallbacks } = require('./runtime_version.cjs');

// An error that the runtime finds, under Lambda's name for it. From Node.js 24 on, logs show the name.
class RuntimeError extends Error {
  constructor(name, message) {
    super(message);
    Object.defineProperty(this, 'name', { value: `Runtime.${name}`, enumerable: !hasCallbacks });
    Error.captureStackTrace(this);
  }
}

// JSON logs show the name of the class.
function named(name) {
  const classes = {
    [name]: class extends RuntimeError {
      constructor(message) {
        super(name, message);
      }
    },
  };
  return classes[name];
}

class UserCodeSyntaxError extends RuntimeError {
  constructor(error) {
    super('UserCodeSyntaxError', String(error));
    if (!hasCallbacks) this.stack = error.stack;
  }
}

class UnhandledPromiseRejection extends RuntimeError {
  constructor(reason, promise) {
    super('UnhandledPromiseRejection', reason);
    this.reason = reason;
    this.promise = promise;
  }
}

function isError(error) {
  if (types.isNativeError(error) || error instanceof Error) return true;
  if (!hasCallbacks || !error) return false;
  return ['name', 'message', 'stack'].every((key) => typeof error[key] === 'string' && error[key] !== '');
}

// The error as the body of a report.
function describe(error) {
  try {
    if (isError(error)) {
      return {
        errorType: escapeDelete(error.name),
        errorMessage: escapeDelete(error.message),
        trace: stackOf(error)?.map(escapeDelete) ?? [],
      };
    }
    return { errorType: typeof error, errorMessage: hasCallbacks ? error.toString() : String(error), trace: [] };
  } catch {
    return {
      errorType: 'handled',
      errorMessage:
        'callback called with Error argument, but there was a problem while retrieving one or more of its message, name, and stack',
    };
  }
}

function escapeDelete(text) {
  return text?.replace(/\x7F/g, '%7F');
}

// The stack of an error, without the frames of this client at its end.
function stackOf(error) {
  if (typeof error.stack !== 'string') return undefined;
  const lines = error.stack.split('\n');
  const own = lines.findIndex((line) => line.startsWith('    at ') && line.includes(__dirname));
  return own < 0 ? lines : lines.slice(0, own);
}

function intoError(error) {
  return error instanceof Error ? error : new Error(error);
}

// The error as text logs have it.
function format(error) {
  const fields = (value) => {
    if (!(value instanceof Error)) return value;
    const shown = { errorType: value.name, errorMessage: value.message, code: value.code, ...value };
    if (typeof value.stack === 'string') shown.stack = stackOf(value);
    return shown;
  };
  try {
    return `\t${JSON.stringify(error, (_key, value) => fields(value))}`;
  } catch {
    return `\t${JSON.stringify(describe(error))}`;
  }
}

module.exports = {
  describe,
  format,
  intoError,
  stackOf,
  UnhandledPromiseRejection,
  UserCodeSyntaxError,
  CallbackHandlerDeprecated: named('CallbackHandlerDeprecated'),
  HandlerNotFound: named('HandlerNotFound'),
  ImportModuleError: named('ImportModuleError'),
  InvalidStreamingOperation: named('InvalidStreamingOperation'),
  JSONStringifyError: named('JSONStringifyError'),
  MalformedHandlerName: named('MalformedHandlerName'),
  MalformedStreamingHandler: named('MalformedStreamingHandler'),
};
