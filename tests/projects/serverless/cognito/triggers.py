import os


class NotAllowed(Exception):
    pass


def pre_sign_up(event, context):
    email = event["request"]["userAttributes"]["email"]
    if email.rpartition("@")[2] not in os.environ["DOMAINS"].split(","):
        raise NotAllowed(f"{email} may not sign up")
    event["response"]["autoConfirmUser"] = True
    return event


def post_confirm(event, context):
    return event | {"function": context.function_name}
