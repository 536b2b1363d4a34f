def handler(event, context):
    return {"function": "thumbnails"}
