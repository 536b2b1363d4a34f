import importlib.util


def handler(event, context):
    return {"has_layer": importlib.util.find_spec("pixels") is not None}
