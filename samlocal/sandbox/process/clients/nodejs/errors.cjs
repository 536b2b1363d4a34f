// Errors as Lambda reports them: https://docs.aws.amazon.com/lambda/latest/dg/nodejs-exceptions.html
'use strict';

const { types } = require('node:util');
const { hasCallbacks } = require('./runtime_version.cjs');

// Errors that the runtime finds; `name` is Lambda's name for them.
function named(name) {
  return class extends Error {
    constructor(message) {
      super(message);
      this.name = `Runtime.${name}`;
    }
  };
}

class UserCodeSyntaxError extends Error {
  constructor(error) {
    super(String(error));
    this.name = 'Runtime.UserCodeSyntaxError';
    this.stack = error.stack;
  }
}

class UnhandledPromiseRejection extends Error {
  constructor(reason, promise) {
    super(reason);
    Object.defineProperty(this, 'name', { value: 'Runtime.UnhandledPromiseRejection' });
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
        trace: escapeDelete(error.stack)?.split('\n') ?? [],
      };
    }
    return { errorType: typeof error, errorMessage: error.toString(), trace: [] };
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

function intoError(error) {
  return error instanceof Error ? error : new Error(error);
}

// The error as text logs have it.
function format(error) {
  const fields = (value) => {
    if (!(value instanceof Error)) return value;
    const shown = { errorType: value.name, errorMessage: value.message, code: value.code, ...value };
    if (typeof value.stack === 'string') shown.stack = value.stack.split('\n');
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
