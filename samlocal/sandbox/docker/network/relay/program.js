// The relay inside its container, for images with Node.js: `program.py` says what it does. Nothing newer than Node.js 12.
const fs = require("fs");
const net = require("net");

const [READY, OPEN, DATA, END, CONNECT, BROKEN, TAKEN] = [0, 1, 2, 3, 4, 5, 6];
const HEADER_BYTES = 9;
const WINDOW_BYTES = 1024 * 1024;
const ACKNOWLEDGED_BYTES = WINDOW_BYTES / 4;
const HOST_NAME = "sandbox.localdomain";
const connections = new Map(); // by number: what takes a frame's kind and data
let opened = 0;
let incoming = Buffer.alloc(0);

function send(kind, number, data = Buffer.alloc(0)) {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt8(kind, 0);
  header.writeUInt32BE(number, 1);
  header.writeUInt32BE(data.length, 5);
  process.stdout.write(Buffer.concat([header, data])); // a pipe: it is written when this returns
}

function numberBytes(value) {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value, 0);
  return bytes;
}

function open(number, client) {
  let window = WINDOW_BYTES;
  let taken = 0;
  client.setNoDelay(true);
  client.on("data", (data) => {
    send(DATA, number, data);
    window -= data.length;
    if (window <= 0) client.pause(); // a little more than the window may be under way
  });
  client.on("end", () => send(END, number));
  client.on("error", () => connections.has(number) && send(BROKEN, number)); // "close" follows
  client.on("close", () => connections.delete(number));
  connections.set(number, (kind, data) => {
    if (kind === DATA) {
      client.write(data, (error) => {
        if (error) return;
        taken += data.length;
        if (taken < ACKNOWLEDGED_BYTES) return;
        send(TAKEN, number, numberBytes(taken));
        taken = 0;
      });
    } else if (kind === END) {
      client.end();
    } else if (kind === TAKEN) {
      window += data.readUInt32BE(0);
      if (window > 0) client.resume();
    } else {
      connections.delete(number);
      (client.resetAndDestroy || client.destroy).call(client);
    }
  });
  send(OPEN, number);
}

// The host name's address first, because programs listen there.
function ownAddresses() {
  let hosts = "";
  try {
    hosts = fs.readFileSync("/etc/hosts", "utf8");
  } catch (error) {
    // without it there are only the addresses of the loopback interface
  }
  const lines = hosts.split("\n").map((line) => line.replace(/#.*/, "").trim().split(/\s+/));
  const named = lines.filter(([, ...names]) => names.includes(HOST_NAME));
  return [...named.map(([address]) => address), "127.0.0.1", "::1"];
}

function connect(number, port, addresses = ownAddresses()) {
  if (port > 65535 || addresses.length === 0) {
    connections.delete(number);
    send(BROKEN, number);
    return;
  }
  const client = net.connect({ host: addresses[0], port, allowHalfOpen: true });
  const next = () => connect(number, port, addresses.slice(1));
  client.once("error", next);
  client.once("connect", () => {
    client.off("error", next);
    open(number, client);
  });
  connections.set(number, () => {
    connections.delete(number); // samlocal has given up
    client.off("error", next);
    client.on("error", () => {});
    client.destroy();
  });
}

const server = net.createServer({ allowHalfOpen: true }, (client) => open(++opened, client));

process.stdin.on("data", (received) => {
  incoming = Buffer.concat([incoming, received]);
  while (incoming.length >= HEADER_BYTES) {
    const end = HEADER_BYTES + incoming.readUInt32BE(5);
    if (incoming.length < end) return;
    const kind = incoming.readUInt8(0);
    const number = incoming.readUInt32BE(1);
    const data = incoming.subarray(HEADER_BYTES, end);
    const take = connections.get(number);
    if (take) take(kind, data);
    else if (kind === CONNECT) connect(number, data.readUInt32BE(0));
    incoming = incoming.subarray(end);
  }
});
process.stdin.on("end", () => process.exit()); // samlocal is gone, or it wants us gone
server.listen(Number(process.argv[1]), "127.0.0.1", () => send(READY, server.address().port));
