"""Greets with a word of the layer."""

import os

import words


def handler(event, context):
    """Return the greeting and the environment."""
    names = ("STAGE", "TABLE", "NODE_ARN", "AWS_REGION", "SAMLOCAL_TEST_SHELL")
    return {
        "greeting": f"{words.GREETING}, {event.get('name', 'you')}!",
        "function": context.function_name,
        "memory": context.memory_limit_in_mb,
        **{name: os.environ.get(name) for name in names},
    }
