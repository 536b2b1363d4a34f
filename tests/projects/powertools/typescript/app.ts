// The same routes behind each kind of API: https://docs.aws.amazon.com/powertools/typescript/latest/features/event-handler/http/
import { NotFoundError, Router, streamify } from "@aws-lambda-powertools/event-handler/http";
import { compress, cors } from "@aws-lambda-powertools/event-handler/http/middleware";

const PNG =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

const app = new Router();
app.use(cors({ origin: "https://app.example", allowHeaders: ["x-mine"], maxAge: 60 }));

for (const prefix of ["/typescript", "/typescript-2", "/typescript-3", "/typescript-4"] as const) {
  app.get(`${prefix}/items/:item`, async ({ req, params }) => {
    if (params.item === "missing") throw new NotFoundError("no such item");
    const url = new URL(req.url);
    return { item: params.item, kind: url.searchParams.get("kind"), path: url.pathname };
  });

  app.post(`${prefix}/items`, [compress({ threshold: 0 })], async ({ req }) => {
    return { statusCode: 201, body: JSON.stringify({ added: await req.json() }) };
  });

  app.put(`${prefix}/bytes`, async ({ req }) => {
    const content = new Uint8Array(await req.arrayBuffer());
    return { bytes: content.length, sum: content.reduce((sum, byte) => sum + byte, 0) };
  });

  app.get(`${prefix}/picture`, async () => {
    return new Response(Buffer.from(PNG, "base64"), { headers: { "Content-Type": "image/png" } });
  });

  app.get(`${prefix}/cookies`, async () => {
    return { statusCode: 200, body: "set", cookies: ["one=1", "two=2"] };
  });
}

export const handler = async (event: unknown, context: any) => app.resolve(event, context);
export const stream = streamify(app);
