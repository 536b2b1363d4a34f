"""Answers with how often it was called in this environment."""

calls = 0
print("function in Init")


def handler(event, context):
    global calls
    calls += 1
    print(f"function call {calls}")
    return {"calls": calls, "event": event}
