// Calls the Lambda API with the AWS SDK for JavaScript: node call.js COMMAND INPUT; prints one JSON document.
import * as sdk from "@aws-sdk/client-lambda";

const [command, input] = process.argv.slice(2);
const text = new TextDecoder();
const client = new sdk.LambdaClient({});

const readable = (key, value) => (value instanceof Uint8Array ? text.decode(value) : value);

async function events(stream) {
  const all = [];
  for await (const event of stream) all.push(event);
  return all;
}

let result;
try {
  const answer = await client.send(new sdk[command](JSON.parse(input)));
  if (answer.EventStream) answer.EventStream = await events(answer.EventStream);
  if (answer.Payload) answer.Payload = text.decode(answer.Payload);
  result = answer;
} catch (error) {
  const { name, message, $metadata, Type, Reason } = error;
  const isOfSdk = sdk[name] !== undefined && error instanceof sdk[name];
  result = { error: name, message, isOfSdk, Type, Reason, $metadata };
}
console.log(JSON.stringify(result, readable));
