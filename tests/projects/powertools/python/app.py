"""The same routes with each of Powertools' resolvers: https://docs.aws.amazon.com/powertools/python/latest/core/event_handler/api_gateway/"""

import base64

from aws_lambda_powertools.event_handler import (
    ALBResolver,
    APIGatewayHttpResolver,
    APIGatewayRestResolver,
    CORSConfig,
    LambdaFunctionUrlResolver,
    Response,
    content_types,
)
from aws_lambda_powertools.event_handler.exceptions import NotFoundError
from aws_lambda_powertools.shared.cookies import Cookie

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


def with_routes(app, prefix):
    """Add the routes to a resolver."""

    @app.get(f"{prefix}/items/<item>")
    def item(item):
        event = app.current_event
        if item == "missing":
            raise NotFoundError("no such item")
        kinds = event.resolved_query_string_parameters.get("kind", [None])
        return {"item": item, "kind": kinds[0], "path": event.path}

    @app.post(f"{prefix}/items", compress=True)
    def add():
        return {"added": app.current_event.json_body}, 201

    @app.put(f"{prefix}/bytes")
    def count():
        event = app.current_event
        content = base64.b64decode(event.body) if event.is_base64_encoded else event.body.encode()
        return {"bytes": len(content), "sum": sum(content)}

    @app.get(f"{prefix}/picture")
    def picture():
        return Response(status_code=200, content_type="image/png", body=PNG)

    @app.get(f"{prefix}/cookies")
    def cookies():
        return Response(
            status_code=200,
            content_type=content_types.TEXT_PLAIN,
            body="set",
            cookies=[Cookie(name="one", value="1"), Cookie(name="two", value="2")],
        )

    return app


CORS = CORSConfig(allow_origin="https://app.example", allow_headers=["x-mine"], max_age=60)
REST = with_routes(APIGatewayRestResolver(cors=CORS), "/python")
HTTP = with_routes(APIGatewayHttpResolver(cors=CORS), "/python-2")
URL = with_routes(LambdaFunctionUrlResolver(cors=CORS), "/python-3")
BALANCED = with_routes(
    ALBResolver(cors=CORS, decode_query_parameters=True), "/python-4"
)


def rest(event, context):
    return REST.resolve(event, context)


def http(event, context):
    return HTTP.resolve(event, context)


def url(event, context):
    return URL.resolve(event, context)


def balanced(event, context):
    return BALANCED.resolve(event, context)
