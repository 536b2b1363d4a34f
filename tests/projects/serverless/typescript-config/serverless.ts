import type { Service } from "./types";

const functions = ["hello", "bye"];
const service: Service = {
  service: "typed",
  provider: { name: "aws", runtime: "nodejs22.x", environment: { FUNCTIONS: functions.length } },
  functions: Object.fromEntries(functions.map((name) => [name, { handler: `handlers.${name}` }])),
};

module.exports = service;
