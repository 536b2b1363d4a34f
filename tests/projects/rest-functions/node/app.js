const { existsSync } = require("node:fs");
const { setTimeout: sleep } = require("node:timers/promises");

const streaming = awslambda.streamifyResponse;

async function seen(name) {
  while (!existsSync(`${__dirname}/${name}`)) await sleep(20);
}

exports.echo = async (event) => ({ body: JSON.stringify(event) });

// The body of the request is the result.
exports.answers = async (event) => JSON.parse(event.body);

exports.fails = async () => {
  throw new RangeError("no stars");
};

exports.custom = async ({ a, fails }) => {
  if (fails) throw new RangeError("no stars\nat all");
  return { doubled: 2 * a };
};

exports.slow = async () => {
  await sleep(1000);
  console.log("slow has ended");
  return {};
};

exports.streams = streaming(async (event, response) => {
  const http = awslambda.HttpResponseStream.from(response, {
    statusCode: 201,
    headers: { "Content-Type": "text/plain" },
    cookies: ["a=b"],
  });
  http.write("first\n");
  await seen("seen-first");
  http.write("last\n");
  http.end();
});

exports.breaks = streaming(async (event, response) => {
  const http = awslambda.HttpResponseStream.from(response, {});
  http.write("half\n");
  await sleep(200);
  throw new RangeError("no stars");
});

exports.breaksAtOnce = streaming(async () => {
  throw new RangeError("no stars");
});
