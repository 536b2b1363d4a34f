"""The program: `samlocal`, and `python -m samlocal`."""

import _signal  # type: ignore[import-not-found]  # what `signal` has, without its imports
import os

# Nothing comes before this: until here, Ctrl-C ends in a traceback.
if _signal.getsignal(_signal.SIGINT) is _signal.default_int_handler:
    _signal.signal(_signal.SIGINT, lambda *_: os._exit(130))

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn


def run() -> "NoReturn":
    """Run the command line, and end the process as soon as its output is out.

    A command is short: looking for garbage while it starts, and taking the interpreter apart in
    order when it ends, would cost it 60 ms and free nothing that the end of the process doesn't.
    """
    import gc  # noqa: PLC0415  # after the handler, as all that is imported
    import sys  # noqa: PLC0415

    gc.disable()
    from samlocal.cli.signals import exit_on_signals  # noqa: PLC0415

    exit_on_signals()
    from samlocal.cli.main import main  # noqa: PLC0415

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
