"""The names of signals.

https://man7.org/linux/man-pages/man7/signal.7.html
"""

from __future__ import annotations

from typing import Final

# As in Go, the language of Lambda's supervisor, and in the C library.
SIGNALS: Final = {
    1: "hangup",
    2: "interrupt",
    3: "quit",
    4: "illegal instruction",
    5: "trace/breakpoint trap",
    6: "aborted",
    7: "bus error",
    8: "floating point exception",
    9: "killed",
    10: "user defined signal 1",
    11: "segmentation fault",
    12: "user defined signal 2",
    13: "broken pipe",
    14: "alarm clock",
    15: "terminated",
}
