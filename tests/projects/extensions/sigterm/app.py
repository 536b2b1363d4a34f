"""Gets SIGTERM, because lambda-sigterm registers an internal extension."""

import signal
import sys

import lambda_sigterm


def end(number, frame):
    print("SIGTERM came", flush=True)
    sys.exit(0)


signal.signal(signal.SIGTERM, end)
lambda_sigterm.register()


def handler(event, context):
    return "alive"
