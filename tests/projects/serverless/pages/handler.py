import os


def main(event, context):
    print("a line of the log")
    return {
        "event": event,
        "requestId": context.aws_request_id,
        "name": context.function_name,
        "remaining": context.get_remaining_time_in_millis(),
        "custom": context.client_context.custom if context.client_context else None,
        "environment": dict(os.environ),
    }


def fail(event, _context):
    raise ValueError(event)
