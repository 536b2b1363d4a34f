import { encode } from "./encode.js";

const base = await Promise.resolve(process.env.BASE);

export const handler = async (event) => {
  const { url } = JSON.parse(event.body);
  return { statusCode: 201, body: JSON.stringify({ short: base + encode(url) }) };
};
