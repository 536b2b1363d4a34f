def echo(event, context):
    print("the function's log")
    client_context = context.client_context
    return {
        "event": event,
        "custom": client_context and client_context.custom,
        "function": context.function_name,
    }
