import pixels


def handler(event, context):
    return {"size": pixels.fit(event["size"], 128)}
