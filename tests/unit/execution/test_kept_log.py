from __future__ import annotations

from samlocal.execution.kept_log import KeptLog
from samlocal.function_log import FunctionLog, PlainDestination
from tests.functional.execution.fakes import RecordingLog

LOST = "[more output before the first invocation is not shown]"
MIB = 1024 * 1024


def test_order() -> None:
    """Output and lines of the function and its extensions come in their order, those of extensions in whole lines."""
    kept, written = KeptLog(), list[bytes]()
    kept.line("INIT")
    kept.write(b"one ")
    kept.write(b"two\n")
    kept.named("agent").write(b"half ")
    kept.write(b"three\n")
    kept.named("agent").write(b"whole\nunfinished")
    kept.named("agent").flush()
    kept.named("agent").line("a line")
    kept.give_to(FunctionLog(PlainDestination(written.append)))

    assert b"".join(written).decode().splitlines() == [
        "INIT",
        "one two",
        "three",
        "[agent] half whole",
        "[agent] unfinished",
        "[agent] a line",
    ]


def test_kept_once() -> None:
    """What has been passed on is not kept any longer."""
    kept, log = KeptLog(), RecordingLog()
    kept.write(b"output")
    for _ in range(2):
        kept.give_to(log)
    assert log.entries == ["output"]


def test_much_output() -> None:
    """More output than an environment may keep is lost, and a line says so where it begins."""
    kept, log = KeptLog(), RecordingLog()
    for _ in range(3):
        kept.write(b"x" * MIB)
    kept.line("INIT")
    for _ in range(3):
        kept.write(b"y" * MIB)
    kept.line("END")
    kept.give_to(log)

    assert log.entries == ["x" * 3 * MIB, "INIT", LOST]


def test_many_small_pieces() -> None:
    """Pieces without much content count too, except output that follows output."""
    kept, log = KeptLog(), RecordingLog()
    for _ in range(100_000):
        kept.write(b"x")
    for _ in range(100_000):
        kept.line("")
    kept.give_to(log)

    assert log.entries[0] == "x" * 100_000
    assert 10_000 < len(log.entries) < 30_000
    assert log.entries[-1] == LOST
