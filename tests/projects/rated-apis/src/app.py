"""Rates what customers say about a product, for whatever API asks."""

import json

PRAISE = {"excellent", "good", "great", "love", "perfect", "thanks"}


def handler(event, context):
    product = (event.get("pathParameters") or {}).get("product", "everything")
    message = (event.get("queryStringParameters") or {}).get("message", "")
    stars = min(3 + sum(word in PRAISE for word in message.lower().split()), 5)
    print(f"Rated {product}: {stars} stars")
    return {
        "statusCode": 200,
        "headers": {"Content-Type": "application/json"},
        "body": json.dumps({"product": product, "message": message, "stars": stars}),
    }
