const { existsSync } = require("node:fs");
const { Readable } = require("node:stream");
const { pipeline } = require("node:stream/promises");
const { setTimeout: sleep } = require("node:timers/promises");

const streaming = awslambda.streamifyResponse;

// The reader of a part creates a file beside the code.
async function seen(name) {
  while (!existsSync(`${__dirname}/${name}`)) await sleep(20);
}

exports.ticks = streaming(async (event, response) => {
  for (let second = 0; second < 5; second++) {
    response.write(`${second}\n`);
    await sleep(1000);
    await seen(`seen-${second}`);
  }
  response.end();
});

exports.waits = streaming(async (event, response) => {
  response.write("first\n");
  await seen("seen-first");
  response.write("last\n");
  response.end();
});

exports.large = streaming(async (event, response) => {
  const piece = Buffer.alloc(65536, "0123456789abcdef");
  function* pieces() {
    for (let left = event.bytes; left > 0; left -= piece.length) yield piece.subarray(0, left);
  }
  await pipeline(Readable.from(pieces()), response);
});

exports.breaks = streaming(async (event, response) => {
  response.write("half\n");
  await sleep(200);
  throw new RangeError("no stars");
});

exports.breaksAtOnce = streaming(async () => {
  throw new RangeError("no stars");
});

exports.exits = streaming(async (event, response) => {
  response.write("half\n");
  await sleep(200);
  process.exit(7);
});

exports.hangs = streaming(async (event, response) => {
  response.write("half\n");
  await sleep(60_000);
});

exports.http = streaming(async (event, response) => {
  const http = awslambda.HttpResponseStream.from(response, {
    statusCode: 201,
    headers: { "content-type": "text/plain" },
    cookies: ["a=b"],
  });
  http.write("body");
  http.end();
});
