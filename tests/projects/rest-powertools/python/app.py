import base64
import json

from aws_lambda_powertools.event_handler import (
    APIGatewayRestResolver,
    CORSConfig,
    Response,
    content_types,
)
from aws_lambda_powertools.event_handler.exceptions import NotFoundError
from aws_lambda_powertools.shared.cookies import Cookie

app = APIGatewayRestResolver(
    cors=CORSConfig(allow_origin="https://shop.example", max_age=100), strip_prefixes=["/v1"]
)


@app.get("/items/<item>")
def get_item(item: str):
    event = app.current_event
    return {
        "item": item,
        "colours": event.resolved_query_string_parameters.get("colour"),
        "agent": event.headers["user-agent"],
        "address": event.request_context.identity.source_ip,
        "stage": event.request_context.stage,
    }


@app.post("/items")
def create_item():
    item = app.current_event.json_body
    return Response(
        status_code=201,
        content_type=content_types.APPLICATION_JSON,
        headers={"Location": f"/items/{item['name']}"},
        cookies=[Cookie(name="last", value=item["name"]), Cookie(name="seen", value="1")],
        body=json.dumps(item),
    )


@app.put("/files/<name>")
def put_file(name: str):
    return Response(
        status_code=200,
        content_type="application/octet-stream",
        body=base64.b64decode(app.current_event.body),
    )


@app.get("/compressed", compress=True)
def get_compressed():
    return {"text": "x" * 1000}


@app.get("/missing")
def get_missing():
    raise NotFoundError("no such item")


@app.get("/broken")
def get_broken():
    raise RuntimeError("out of stock")


def handler(event, context):
    return app.resolve(event, context)
