import os
import time

try:
    from tools import LAYER
except ImportError:
    LAYER = None

CODE = "first"
invocations = 0

print("init")


def handler(event, context):
    global invocations
    invocations += 1
    print("invoked")
    if seconds := event.get("sleep"):
        time.sleep(seconds)
    for _ in range(event.get("lines", 0)):
        print("y" * 99)
    if characters := event.get("characters"):
        return "z" * characters
    if event.get("exit"):
        os._exit(9)
    if event.get("raise"):
        raise ValueError("as asked for")
    names = ("STAGE", "FROM_SHELL", "AWS_ACCESS_KEY_ID", "EXTRA", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE")
    return {
        "invocations": invocations,
        "code": CODE,
        "layer": LAYER,
        "version": context.function_version,
        **{name: os.environ.get(name) for name in names},
    }
