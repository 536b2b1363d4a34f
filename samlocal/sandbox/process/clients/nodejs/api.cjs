// A client of the Runtime API: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
//
// It speaks HTTP itself: a response is handed to the kernel before the call returns, so it arrives even if the function ends the
// process at once. While the function runs, the connection does not keep the process alive.
'use strict';

const net = require('node:net');
const errors = require('./errors.cjs');

const BASE = '/2018-06-01/runtime/';
const END_OF_HEADERS = '\r\n\r\n';

class RuntimeApi {
  constructor(address) {
    this.address = address;
    this.socket = undefined;
    this.pending = undefined;
    this.received = Buffer.alloc(0);
  }

  // The next invocation: its headers, with names in lower case, and its event as text.
  async next() {
    const { headers, body } = await this.request('GET', 'invocation/next');
    return { headers, text: body.toString('utf8') };
  }

  respond(requestId, text) {
    return this.request('POST', `invocation/${encodeURIComponent(requestId)}/response`, text);
  }

  reportError(requestId, error) {
    const text = JSON.stringify(errors.describe(error));
    return this.request('POST', `invocation/${encodeURIComponent(requestId)}/error`, text);
  }

  reportInitError(error) {
    const headers = { 'Lambda-Runtime-Function-Error-Type': error.errorType };
    return this.request('POST', 'init/error', JSON.stringify(error), headers);
  }

  request(method, path, text = '', headers = {}) {
    const body = Buffer.from(text, 'utf8');
    const fields = { Host: this.address, 'User-Agent': 'samlocal', ...headers };
    if (method === 'POST') Object.assign(fields, { 'Content-Type': 'application/json', 'Content-Length': body.length });
    const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
    const head = Buffer.from(`${method} ${BASE}${path} HTTP/1.1\r\n${lines.join('')}\r\n`, 'latin1');
    return new Promise((resolve, reject) => {
      this.pending = { bytes: Buffer.concat([head, body]), isReused: this.socket !== undefined, resolve, reject };
      this.send();
    });
  }

  send() {
    this.socket ??= this.connect();
    this.socket.ref();
    this.socket.write(this.pending.bytes);
  }

  connect() {
    const [host, port] = this.address.split(':');
    const socket = net.connect({ host, port: Number(port), noDelay: true });
    socket.on('data', (chunk) => {
      this.received = this.received.length === 0 ? chunk : Buffer.concat([this.received, chunk]);
      this.read();
    });
    let problem;
    socket.on('error', (error) => {
      problem = error;
    });
    socket.on('close', () => {
      if (this.socket === socket) this.lose(problem ?? new Error('the Runtime API closed the connection'));
    });
    return socket;
  }

  // The connection is closed: if it was idle meanwhile, the request goes out on another one.
  lose(problem) {
    this.socket = undefined;
    const { pending } = this;
    if (pending === undefined) return;
    if (pending.isReused && this.received.length === 0) {
      pending.isReused = false;
      this.send();
      return;
    }
    this.pending = undefined;
    this.received = Buffer.alloc(0);
    pending.reject(problem);
  }

  read() {
    const end = this.received.indexOf(END_OF_HEADERS);
    if (end < 0 || this.pending === undefined) return;
    const [, ...lines] = this.received.toString('latin1', 0, end).split('\r\n');
    const headers = {};
    for (const line of lines) {
      const colon = line.indexOf(':');
      headers[line.slice(0, colon).trim().toLowerCase()] = line.slice(colon + 1).trim();
    }
    const found = bodyAt(this.received, end + END_OF_HEADERS.length, headers);
    if (found === undefined) return;
    this.received = this.received.subarray(found.end);
    const { pending, socket } = this;
    this.pending = undefined;
    if (headers.connection?.toLowerCase() === 'close') {
      this.socket = undefined;
      socket.destroy();
    } else {
      socket.unref();
    }
    // The status does not matter: after a refused response, the function goes on.
    pending.resolve({ headers, body: found.body });
  }
}

// The body at an offset, and its end; undefined if it is not complete.
function bodyAt(bytes, start, headers) {
  if (headers['transfer-encoding']?.toLowerCase() !== 'chunked') {
    const end = start + Number(headers['content-length'] ?? 0);
    return bytes.length < end ? undefined : { body: bytes.subarray(start, end), end };
  }
  const chunks = [];
  let at = start;
  for (;;) {
    const line = bytes.indexOf('\r\n', at);
    if (line < 0) return undefined;
    const size = parseInt(bytes.toString('latin1', at, line), 16);
    const end = line + 2 + size;
    if (size === 0) {
      const last = bytes.indexOf(END_OF_HEADERS, line);
      return last < 0 ? undefined : { body: Buffer.concat(chunks), end: last + END_OF_HEADERS.length };
    }
    if (bytes.length < end + 2) return undefined;
    chunks.push(bytes.subarray(line + 2, end));
    at = end + 2;
  }
}

module.exports = { RuntimeApi };
