// The relay inside its container, for images with Node.js: `program.py` says what it does. Nothing newer than Node.js 12.
const net = require("net");

const [READY, OPEN, DATA, END] = [0, 1, 2, 3];
const HEADER_BYTES = 9;
const connections = new Map();
let opened = 0;
let incoming = Buffer.alloc(0);

function send(kind, number, data = Buffer.alloc(0)) {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt8(kind, 0);
  header.writeUInt32BE(number, 1);
  header.writeUInt32BE(data.length, 5);
  process.stdout.write(Buffer.concat([header, data])); // a pipe: it is written when this returns
}

const server = net.createServer({ allowHalfOpen: true }, (client) => {
  const number = ++opened;
  connections.set(number, client);
  client.setNoDelay(true);
  let ended = false;
  const end = () => {
    if (!ended) send(END, number);
    ended = true;
  };
  client.on("data", (data) => send(DATA, number, data));
  client.on("end", end);
  client.on("error", end); // the client is gone
  client.on("close", () => connections.delete(number));
  send(OPEN, number);
});

process.stdin.on("data", (received) => {
  incoming = Buffer.concat([incoming, received]);
  while (incoming.length >= HEADER_BYTES) {
    const end = HEADER_BYTES + incoming.readUInt32BE(5);
    if (incoming.length < end) return;
    const kind = incoming.readUInt8(0);
    const client = connections.get(incoming.readUInt32BE(1));
    if (client && kind === DATA) client.write(incoming.subarray(HEADER_BYTES, end));
    if (client && kind === END) client.end();
    incoming = incoming.subarray(end);
  }
});
process.stdin.on("end", () => process.exit()); // samlocal is gone, or it wants us gone
server.listen(Number(process.argv[1]), "127.0.0.1", () => send(READY, server.address().port));
