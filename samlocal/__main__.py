"""The program: `samlocal`, and `python -m samlocal`."""

import _signal  # type: ignore[import-not-found]  # what `signal` has, without its imports
import os

# This must come first: before this line, Ctrl-C shows a traceback.
if _signal.getsignal(_signal.SIGINT) is _signal.default_int_handler:
    _signal.signal(_signal.SIGINT, lambda *_: os._exit(130))

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn


def run() -> "NoReturn":
    """Run the command line, and end the process as soon as its output is written.

    A command is short. Garbage collection during its start, and an orderly shutdown of the interpreter,
    would take 60 ms and free nothing that the end of the process does not.
    """
    import gc  # noqa: PLC0415  # like every import, after the handler
    import sys  # noqa: PLC0415

    gc.disable()
    if sys.argv[1:3] == ["local", "invoke"]:
        from samlocal.service.client import is_served, run_in_service  # noqa: PLC0415

        if is_served():
            answer = run_in_service()
            if answer is not None:
                os._exit(answer)
    from samlocal.cli.signals import exit_on_signals  # noqa: PLC0415

    exit_on_signals()
    from samlocal.cli.main import run_command_line  # noqa: PLC0415

    os._exit(run_command_line())


if __name__ == "__main__":
    run()
