"""A command that goes to the service if there is one: `python -m tests.functional.service.command ACTION …`."""

from __future__ import annotations

import os
import sys

from samlocal.service.client import is_served, run_in_service

if __name__ == "__main__":
    sys.argv[1:1] = ["local", "invoke"]
    answer = run_in_service() if is_served() else None
    if answer is None:
        os.write(1, b"ran here\n")
        os._exit(0)
    os._exit(answer)
