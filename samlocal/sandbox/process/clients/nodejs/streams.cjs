// Response streams: https://docs.aws.amazon.com/lambda/latest/dg/configuration-response-streaming.html
'use strict';

const errors = require('./errors.cjs');

const HANDLER_STREAMING = Symbol.for('aws.lambda.runtime.handler.streaming');
const HIGH_WATER_MARK = Symbol.for('aws.lambda.runtime.handler.streaming.highWaterMark');
const ERROR_TYPE = 'Lambda-Runtime-Function-Error-Type';
const ERROR_BODY = 'Lambda-Runtime-Function-Error-Body';
const PRELUDE_TYPE = 'application/vnd.awslambda.http-integration-response';
const PRELUDE_END = new Uint8Array(8);

class HttpResponseStream {
  // The status and the headers precede the body of the response.
  static from(stream, prelude) {
    stream.setContentType(PRELUDE_TYPE);
    stream._onBeforeFirstWrite = (write) => {
      write(JSON.stringify(prelude));
      write(PRELUDE_END);
    };
    return stream;
  }
}

function isStreaming(handler) {
  const kind = handler[HANDLER_STREAMING];
  if (kind === undefined || kind === null || kind === false) return false;
  if (kind === 'response') return true;
  throw new errors.MalformedStreamingHandler('Only response streaming is supported.');
}

// The stream of a response, `answered` when the Runtime API has all of it, and `fail`, which ends it with an error.
function createResponseStream(address, requestId, handler) {
  const http = require('node:http');
  const net = require('node:net');
  const [host, port] = address.split(':');
  const highWaterMark = Number(handler[HIGH_WATER_MARK]) || undefined;
  let isWritten = false;
  const stream = http.request({
    host,
    port,
    method: 'POST',
    path: `/2018-06-01/runtime/invocation/${encodeURIComponent(requestId)}/response`,
    agent: false,
    createConnection: (options) => net.createConnection({ ...options, highWaterMark }),
    headers: {
      'Lambda-Runtime-Function-Response-Mode': 'streaming',
      'Content-Type': 'application/octet-stream',
      'Transfer-Encoding': 'chunked',
      Trailer: [ERROR_TYPE, ERROR_BODY],
    },
  });
  const answered = new Promise((resolve, reject) => {
    stream.on('error', reject);
    stream.on('response', (response) => response.on('aborted', reject).on('end', resolve).resume());
  });
  answered.catch(() => {}); // the caller may have failed before
  const write = stream.write.bind(stream);
  stream.write = (chunk, ...rest) => {
    const isBytes = typeof chunk === 'string' || chunk instanceof Uint8Array;
    if (!isWritten) {
      isWritten = true;
      stream._onBeforeFirstWrite?.(write);
    }
    return write(isBytes ? chunk : JSON.stringify(chunk), ...rest);
  };
  stream.setContentType = (type) => {
    if (isWritten) throw new errors.InvalidStreamingOperation('Cannot set content-type, too late.');
    stream.setHeader('Content-Type', type);
  };
  const fail = (error) => {
    const told = errors.describe(error);
    if (stream.writableEnded) return; // the caller has the whole response
    stream.addTrailers({
      [ERROR_TYPE]: told.errorType,
      [ERROR_BODY]: Buffer.from(JSON.stringify(told)).toString('base64'),
    });
    stream.end();
  };
  return { stream, answered, fail };
}

module.exports = { createResponseStream, HANDLER_STREAMING, HIGH_WATER_MARK, HttpResponseStream, isStreaming };
