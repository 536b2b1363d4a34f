import os
import sys


def cleanup(event, context):
    print("cleaning", event.get("kind"), file=sys.stderr)
    return {"days": os.environ["RETENTION_DAYS"], "dry": os.environ["DRY_RUN"], "kind": event["kind"]}


def rotate(event, context):
    return sorted(name for name in os.environ if name in ("RETENTION_DAYS", "DRY_RUN"))
