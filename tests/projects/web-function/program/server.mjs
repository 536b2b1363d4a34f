// A server as AWS runs it as a web function; it echoes WebSocket messages of up to 125 bytes.
import crypto from 'node:crypto';
import http from 'node:http';

const [host, port] = process.env.AWS_LAMBDA_HTTP_ENDPOINT.split(':');
const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
let requests = 0;
let next;

const server = http.createServer(async (request, response) => {
  requests += 1;
  console.log(`${request.method} ${request.url}`);
  if (request.url === '/exit') process.exit(3);
  if (request.url === '/exit-later') setTimeout(() => process.exit(4), 50);
  if (request.url === '/stream') {
    for (let number = 0; number < 3; number += 1) {
      response.write(`part ${number}\n`);
      await new Promise((resolve) => { next = resolve; });
    }
    response.end();
    return;
  }
  if (request.url === '/next') next();
  if (request.url === '/slow') await sleep(1000);
  let body = '';
  for await (const chunk of request) body += chunk;
  response.setHeader('Content-Type', 'application/json');
  response.end(JSON.stringify({ version: 1, requests, method: request.method, body, environment: process.env }));
});

server.on('upgrade', (request, socket) => {
  if (request.url === '/refused') {
    socket.end('HTTP/1.1 401 Unauthorized\r\nContent-Length: 4\r\nX-Own: yes\r\n\r\nnope');
    return;
  }
  const guid = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
  const accept = crypto.createHash('sha1').update(request.headers['sec-websocket-key'] + guid).digest('base64');
  socket.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n`
    + 'Sec-WebSocket-Protocol: chat\r\nX-Own: yes\r\n\r\n');
  let pending = Buffer.alloc(0);
  socket.on('error', () => {});
  socket.on('data', (data) => {
    pending = Buffer.concat([pending, data]);
    while (pending.length >= 6 && pending.length >= 6 + (pending[1] & 0x7f)) {
      const size = pending[1] & 0x7f;
      const opcode = pending[0] & 0x0f;
      const content = Buffer.from(pending.subarray(6, 6 + size).map((byte, index) => byte ^ pending[2 + (index % 4)]));
      pending = pending.subarray(6 + size);
      if (opcode === 8) console.log(`closed with ${size ? content.readUInt16BE() : 'no code'}`);
      if (content.toString() === 'exit') process.exit(5);
      const closing = content.toString() === 'close';
      const answer = closing ? Buffer.from([0x0f, 0xa0]) : content; // 4000
      socket.write(Buffer.concat([Buffer.from([0x80 | (closing ? 8 : opcode), answer.length]), answer]));
    }
  });
});

server.listen(Number(port), host, () => console.log('listening'));
