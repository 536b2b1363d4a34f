exports.handler = async ({ Records }) => ({
  batchItemFailures: Records.filter(({ body }) => !JSON.parse(body).total).map(({ messageId }) => ({ itemIdentifier: messageId })),
  queue: process.env.DEAD_LETTERS.split("/").pop(),
});
