"""A function with runtime hooks, which tells in which order everything ran."""

import os

from snapshot_restore_py import register_after_restore, register_before_snapshot

ran = ["init"]


def note(name):
    print(name, flush=True)
    ran.append(name)
    if os.environ["FAILS"] == name:
        raise ValueError(f"{name} failed")


for number in ("first", "second"):
    register_before_snapshot(note, f"{number} before")
    register_after_restore(note, f"{number} after")


def handler(_event, _context):
    return {"ran": ran, "type": os.environ["AWS_LAMBDA_INITIALIZATION_TYPE"], "pid": os.getpid()}
