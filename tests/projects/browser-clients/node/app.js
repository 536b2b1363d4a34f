// Three parts with pauses: plain text, or events for an EventSource.
exports.handler = awslambda.streamifyResponse(async (event, stream) => {
  const isForEvents = event.headers.accept === "text/event-stream";
  const type = isForEvents ? "text/event-stream" : "text/plain; charset=utf-8";
  const body = awslambda.HttpResponseStream.from(stream, { statusCode: 200, headers: { "Content-Type": type } });
  for (const part of ["one", "two", "drei ü"]) {
    body.write(isForEvents ? `data: ${part}\n\n` : part);
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
  body.end();
});
