"""The program: `samlocal`, and `python -m samlocal`."""

from __future__ import annotations

import gc
import os
import sys
from typing import NoReturn

from samlocal.cli.interrupts import exit_on_signals


def run() -> NoReturn:
    """Run the command line, and end the process as soon as its output is out.

    A command is short: looking for garbage while it starts, and taking the interpreter apart in
    order when it ends, would cost it 60 ms and free nothing that the end of the process doesn't.
    """
    gc.disable()
    exit_on_signals()
    from samlocal.cli.main import main  # noqa: PLC0415  # after that

    code: object = 0
    try:
        main()
    except SystemExit as exit_:
        code = exit_.code
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code if isinstance(code, int) else int(code is not None))


if __name__ == "__main__":
    run()
