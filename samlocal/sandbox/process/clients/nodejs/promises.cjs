// The loop of the runtime from Node.js 24 on, and of managed instances: handlers return promises or values.
'use strict';

const { JSONStringifyError } = require('./errors.cjs');
const { contextOf, readInvocation } = require('./context.cjs');
const { logError } = require('./logs.cjs');
const { withInvocation } = require('./globals.cjs');
const { createResponseStream, isStreaming } = require('./streams.cjs');

class Runtime {
  constructor(api, handler) {
    this.api = api;
    this.handler = handler;
  }

  async start() {
    const invoke = isStreaming(this.handler) ? this.stream : this.invoke;
    for (;;) {
      const { headers, text } = await this.api.next();
      const context = contextOf(headers);
      const event = JSON.parse(text);
      await withInvocation(readInvocation(headers), () => invoke.call(this, event, context));
    }
  }

  async invoke(event, context) {
    try {
      const body = serialize(await this.handler(event, context));
      await nextTurn();
      await this.api.respond(context.awsRequestId, body);
    } catch (error) {
      await nextTurn();
      logError('Invoke Error', error);
      await this.api.reportError(context.awsRequestId, error);
    }
  }

  async stream(event, context) {
    const { stream, answered, fail } = createResponseStream(this.api.address, context.awsRequestId, this.handler);
    try {
      const result = this.handler(event, stream, context);
      if (typeof result?.then !== 'function') throw new Error('Streaming does not support non-async handlers.');
      if ((await result) !== undefined) console.warn('Streaming handlers ignore return values.');
      await answered;
    } catch (error) {
      await nextTurn();
      logError('Invoke Error', error);
      fail(error);
      await answered.catch(() => {});
    }
  }
}

// What the handler logs and what it leaves for the same turn of the event loop comes first.
function nextTurn() {
  return new Promise((resolve) => setImmediate(resolve));
}

function serialize(value) {
  let text;
  try {
    text = JSON.stringify(value === undefined ? null : value);
  } catch {
    throw new JSONStringifyError('Unable to stringify response body');
  }
  if (text === undefined) throw new TypeError('Wrong arguments'); // a function, or a symbol
  return text;
}

module.exports = { Runtime };
