const { setTimeout: sleep } = require("node:timers/promises");

const streaming = awslambda.streamifyResponse;

exports.echo = async (event) => event;

exports.fails = async () => {
  throw new RangeError("no stars");
};

exports.streams = streaming(async (event, response) => {
  for (let part = 0; part < (event.parts ?? 3); part++) {
    response.write(`part ${part}\n`);
    await sleep(event.milliseconds ?? 50);
  }
  response.end();
});

exports.breaks = streaming(async (event, response) => {
  response.write("half\n");
  await sleep(200);
  throw new RangeError("no stars");
});
