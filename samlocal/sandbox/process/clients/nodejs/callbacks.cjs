// The loop of the runtime up to Node.js 22: handlers return promises, call a callback, or end the invocation by the context.
// https://docs.aws.amazon.com/lambda/latest/dg/nodejs-handler.html
'use strict';

const { contextOf, readInvocation } = require('./context.cjs');
const { logError } = require('./logs.cjs');
const { withInvocation } = require('./globals.cjs');
const { createResponseStream, isStreaming } = require('./streams.cjs');

// What to do when the event loop is empty: the process would end.
let whenIdle = () => {};
process.on('beforeExit', () => whenIdle());

class Runtime {
  constructor(api, handler, uncaught) {
    this.api = api;
    this.handler = handler;
    this.uncaught = uncaught;
    this.invoke = isStreaming(handler) ? this.handleOnceStreaming : this.handleOnceNonStreaming;
  }

  start() {
    setImmediate(async () => {
      const { headers, text } = await this.api.next();
      const invocation = readInvocation(headers);
      this.uncaught.requestId = invocation.requestId;
      await withInvocation(invocation, () => this.invoke(headers, text, invocation.requestId));
    });
  }

  handleOnceNonStreaming(headers, text, requestId) {
    const { callback, context, endSilently } = this.endings(requestId);
    // The handler may do nothing at all: the result is null then.
    whenIdle = endSilently;
    try {
      const result = this.handler(JSON.parse(text), Object.assign(context, contextOf(headers)), callback);
      if (typeof result?.then === 'function') {
        result.then(context.succeed, context.fail).catch(context.fail);
      }
    } catch (error) {
      callback(error);
    }
  }

  async handleOnceStreaming(headers, text, requestId) {
    const { stream, answered, fail } = createResponseStream(this.api.address, requestId, this.handler);
    const waiting = waitSwitch();
    const next = () => {
      whenIdle = () => {};
      if (!waiting.isOn) this.start();
      else whenIdle = once(() => this.start());
    };
    const failAndGoOn = async (error) => {
      logError('Invoke Error', error);
      fail(error);
      await answered.catch(() => {});
      next();
    };
    whenIdle = once(() => this.start());
    try {
      const context = Object.assign(waiting.context, contextOf(headers));
      const result = this.handler(JSON.parse(text), stream, context);
      if (typeof result?.then !== 'function') {
        await failAndGoOn('Streaming does not support non-async handlers.');
        return;
      }
      if ((await result) !== undefined) console.warn('Streaming handlers ignore return values.');
      await answered;
      next();
    } catch (error) {
      await failAndGoOn(error);
    }
  }

  // The ways in which a function ends its invocation: only the first one counts.
  endings(requestId) {
    const waiting = waitSwitch();
    let isEnded = false;
    let isAnswered = false;
    const fail = (error) => {
      logError('Invoke Error', error);
      this.api.reportError(requestId, error).then(() => this.start());
    };
    // The result as it is now: what the event loop still had to do may have changed it.
    const answer = (result) => {
      if (isAnswered) {
        console.error('Invocation has already been reported as done. Cannot call complete more than once per invocation.');
        return;
      }
      isAnswered = true;
      let body;
      try {
        body = serialize(result);
      } catch (error) {
        fail(error);
        return;
      }
      this.api.respond(requestId, body).then(() => this.start());
    };
    const end = (error, result, waits) => {
      if (isEnded) return;
      isEnded = true;
      whenIdle = () => {};
      if (error !== undefined && error !== null) fail(error);
      else if (waits && waiting.isOn) whenIdle = once(() => setImmediate(() => answer(result)));
      else answer(result);
    };
    const context = Object.assign(waiting.context, {
      succeed: (result) => end(null, result, false),
      fail: (error) => end(error ?? 'handled', null, false),
      done: (error, result) => end(error, result, false),
    });
    const endSilently = once(() => {
      isAnswered = true;
      this.api.respond(requestId, 'null').then(() => this.start());
    });
    return { callback: (error, result) => end(error, result, true), context, endSilently };
  }
}

// `callbackWaitsForEmptyEventLoop` of the context, which the handler may set.
function waitSwitch() {
  const waiting = { isOn: true };
  waiting.context = {
    get callbackWaitsForEmptyEventLoop() {
      return waiting.isOn;
    },
    set callbackWaitsForEmptyEventLoop(value) {
      waiting.isOn = value;
    },
  };
  return waiting;
}

function once(act) {
  return () => {
    whenIdle = () => {};
    act();
  };
}

function serialize(value) {
  let text;
  try {
    text = JSON.stringify(value === undefined ? null : value);
  } catch {
    throw new Error('Unable to stringify response body');
  }
  if (text === undefined) throw new TypeError('Wrong arguments'); // a function, or a symbol
  return text;
}

module.exports = { Runtime };
