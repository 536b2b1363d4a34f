"""Fuzzes the APIs of a sandbox with a million requests, or as many as the argument says, in all processors.

python -m tests.fuzz.fuzz_apis [REQUESTS [SEED]]

It ends with the first failure; the bytes that chose the requests are then kept in `api_seeds/`, where
`test_api_seeds.py` runs them for ever.
"""

from __future__ import annotations

import hashlib
import os
import signal
import sys
import time
from concurrent.futures import FIRST_EXCEPTION, ProcessPoolExecutor, wait
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Final

from tests.fuzz.api_world import fuzz_apis

if TYPE_CHECKING:
    from types import FrameType

_SEEDS: Final = Path(__file__).parent / "api_seeds"
_MAX_BYTES: Final = 4000
# One input takes a fraction of a second.
_HANGING_SECONDS: Final = 120


class FuzzError(Exception):
    """An input at which something is wrong."""


def fuzz(requests: int, seed: int) -> int:
    """Fuzz until there were so many requests; return their number.

    Raises:
        FuzzError: Something is wrong; the input has been kept.
    """
    random = Random(seed)  # noqa: S311  # nothing secret
    signal.signal(signal.SIGALRM, _hang)
    done = 0
    while done < requests:
        data = random.randbytes(random.randrange(20, _MAX_BYTES))
        signal.alarm(_HANGING_SECONDS)
        try:
            done += fuzz_apis(data)
        except BaseException as error:
            kept = _SEEDS / hashlib.sha256(data).hexdigest()[:12]
            kept.write_bytes(data)
            raise FuzzError(f"{kept}: {error!r}") from error
    return done


def _hang(_number: int, _frame: FrameType | None) -> None:
    raise TimeoutError(f"more than {_HANGING_SECONDS} seconds")


def main(requests: int = 1_000_000, seed: int | None = None) -> None:
    first = int(time.time()) if seed is None else seed
    workers = os.cpu_count() or 1
    begun = time.monotonic()
    print(f"{requests} requests in {workers} processes, seed {first}", flush=True)
    with ProcessPoolExecutor(workers) as pool:
        running = [
            pool.submit(fuzz, requests // workers, first * 1000 + each) for each in range(workers)
        ]
        done, _ = wait(running, return_when=FIRST_EXCEPTION)
        if failed := [each for each in done if each.exception()]:
            for process in pool._processes.values():
                process.terminate()
            failed[0].result()
    total, seconds = sum(each.result() for each in running), time.monotonic() - begun
    print(f"{total} requests in {seconds:.0f} s, {total / seconds:.0f} a second: nothing is wrong")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
