exports.handler = awslambda.streamifyResponse(async (event, stream) => {
  const metadata = { statusCode: 207, headers: { "Content-Type": "text/plain", "X-Yours": "yes" }, cookies: ["a=b"] };
  const body = awslambda.HttpResponseStream.from(stream, metadata);
  for (const part of ["one ", "two ", "three"]) {
    body.write(part);
    await new Promise((resolve) => setTimeout(resolve, 400));
  }
  body.end();
});
