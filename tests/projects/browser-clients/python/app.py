"""Functions behind APIs for pages of browsers and for programs."""

import base64
import email
import gzip
import hashlib
import json
import os
import struct
import zlib

COLORS = [(255, 0, 0), (0, 255, 0), (0, 0, 255)]


def echo(event, context):
    headers = {name.lower(): value for name, value in event["headers"].items()}
    content = body_of(event).decode()
    answer = {
        "method": event.get("httpMethod") or event["requestContext"]["http"]["method"],
        "mine": headers.get("x-mine"),
        "body": content,
        "cookies": event.get("cookies", []),
    }
    own = {"Content-Type": "application/json", "X-Yours": "yes", "X-Hidden": "yes"}
    if origin := os.environ.get("ORIGIN"):
        own["Access-Control-Allow-Origin"] = origin
    # A REST API whose binary media types are all types decodes the body for any client.
    encoded = base64.b64encode(json.dumps(answer).encode()).decode()
    return {"statusCode": 200, "headers": own, "body": encoded, "isBase64Encoded": True}


def login(event, context):
    cookies = ["session=abc; Path=/; HttpOnly", "theme=dark; Path=/; Max-Age=60"]
    return {"statusCode": 200, "cookies": cookies, "body": "welcome"}


def moved(event, context):
    return {"statusCode": 302, "headers": {"Location": "/echo"}, "cookies": ["seen=yes; Path=/"]}


def picture(event, context):
    """Return a picture of three pixels: red, green and blue."""
    row = b"\0" + bytes(value for color in COLORS for value in color)
    parts = [(b"IHDR", struct.pack(">IIBBBBB", 3, 1, 8, 2, 0, 0, 0)), (b"IDAT", zlib.compress(row)), (b"IEND", b"")]
    content = b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in parts
    )
    return {
        "statusCode": 200,
        "headers": {"Content-Type": "image/png", "Access-Control-Allow-Origin": "*"},
        "body": base64.b64encode(content).decode(),
        "isBase64Encoded": True,
    }


def upload(event, context):
    """Return the parts of a form, a digest for each file."""
    headers = {name.lower(): value for name, value in event["headers"].items()}
    message = email.message_from_bytes(b"Content-Type: " + headers["content-type"].encode() + b"\n\n" + body_of(event))
    parts = {}
    for part in message.get_payload():
        name = part.get_param("name", header="content-disposition")
        content = part.get_payload(decode=True)
        digest = hashlib.sha256(content).hexdigest()
        parts[name] = [part.get_filename(), digest] if part.get_filename() else content.decode()
    encoded = base64.b64encode(json.dumps(parts).encode()).decode()
    return {"statusCode": 200, "headers": {"Content-Type": "application/json"}, "body": encoded, "isBase64Encoded": True}


def compressed(event, context):
    content = gzip.compress(b"text " * 1000)
    headers = {"Content-Type": "text/plain", "Content-Encoding": "gzip"}
    return {"statusCode": 200, "headers": headers, "body": base64.b64encode(content).decode(), "isBase64Encoded": True}


def talk(event, context):
    print(event["requestContext"]["eventType"], event["requestContext"].get("disconnectStatusCode"))
    heard = {"heard": event.get("body"), "connection": event["requestContext"]["connectionId"]}
    return {"statusCode": 200, "body": json.dumps(heard)}


def body_of(event):
    body = event.get("body") or ""
    return base64.b64decode(body) if event["isBase64Encoded"] else body.encode()
