const reply = (body) => ({ statusCode: 200, body: JSON.stringify(body) });

exports.connect = async ({ requestContext: { connectionId } }) => reply({ connected: connectionId });
exports.say = async ({ body, requestContext: { connectionId } }) => {
  const { text } = JSON.parse(body);
  if (!text) throw new RangeError("nothing to say");
  return reply({ from: connectionId, text });
};
