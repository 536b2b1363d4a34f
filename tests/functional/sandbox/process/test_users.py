"""Boxes of users other than root, and of machines that refuse namespaces."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

# Becomes a user in a user namespace, which is an ordinary one, or root of a machine that refuses namespaces.
BECOME = """\
import os, sys
from samlocal.sandbox.process.box import kernel
user, limits, *words = sys.argv[1:]
outer = os.geteuid(), os.getegid()
kernel.unshare(kernel.NEW_USER | kernel.NEW_MOUNTS)
def write(path, text):
    with open(path, "w") as file:
        file.write(text)
write("/proc/self/setgroups", "deny")
write("/proc/self/uid_map", f"{user} {outer[0]} 1")
write("/proc/self/gid_map", f"{user} {outer[1]} 1")
# Outside of tests, an ordinary user may make no control groups.
kernel.mount("tmpfs", "/sys/fs/cgroup", "tmpfs")
for name in filter(None, limits.split(",")):
    write(f"/proc/sys/user/{name}", "0")
os.execv(sys.executable, [sys.executable, *words])
"""
RUN = """\
import json, pathlib, sys
from samlocal.errors import SandboxError
from tests.functional.sandbox.process.local_sandbox import SECONDS, process_spec, running
folder, program, options = pathlib.Path(sys.argv[1]), sys.argv[2], json.loads(sys.argv[3])
notes = []
try:
    with running(process_spec(folder, program, **options), notes=notes) as (sandbox, log):
        exited = sandbox.runtime.exited.result(SECONDS)
        sandbox.runtime.output_ended.result(SECONDS)
        found = {"text": log.text, "status": exited.status, "oom": exited.out_of_memory, "peak": sandbox.peak_memory_mb(), "has_groups": sandbox.measures_at_once}
except SandboxError as error:
    found = {"error": error.message}
print(json.dumps(found | {"notes": notes}))
"""
# What a program in a sandbox sees.
SEES = """\
import os, tempfile
open(tempfile.gettempdir() + "/x", "w")
try:
    open("/var/task/x", "w")
except OSError:
    print("read-only")
effective = [line.split()[1] for line in open("/proc/self/status") if line.startswith("CapEff")]
print(os.getuid(), os.getcwd(), int(effective[0], 16), os.getpid() < 5)
"""


def result_as(
    user: int, folder: Path, program: str, *, limits: str = "", **options: object
) -> dict[str, Any]:
    """Return what a sandbox of another user's does."""
    words = ["-c", RUN, str(folder), program, json.dumps(options)]
    command = [sys.executable, "-c", BECOME, str(user), limits, *words]
    done = subprocess.run(
        command, check=True, stdout=subprocess.PIPE, text=True, timeout=60
    )  # of this test
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def test_ordinary_user(tmp_path: Path, no_leftovers: None) -> None:
    """An ordinary user has the same box, and stays without rights in it."""
    del no_leftovers
    result = result_as(1000, tmp_path, SEES)
    assert (result["text"], result["notes"]) == ("read-only\n1000 /var/task 0 True\n", [])


def test_strict_ordinary_user(tmp_path: Path, no_leftovers: None) -> None:
    """With `--strict`, the function of an ordinary user is Lambda's user."""
    del no_leftovers
    result = result_as(1000, tmp_path, SEES, strict=True, tmp_mb=512)
    assert (result["text"], result["notes"]) == ("read-only\n993 /var/task 0 True\n", [])


@pytest.mark.parametrize("limit", ["max_pid_namespaces", "max_mnt_namespaces"])
def test_refused_namespaces(tmp_path: Path, limit: str, no_leftovers: None) -> None:
    """Where the kernel refuses namespaces, the function runs without, which is told once."""
    del no_leftovers
    program = "import os; print(os.getcwd())"
    result = result_as(0, tmp_path, program, limits=limit)
    assert result["text"] == f"{tmp_path}/task\n"
    [note] = result["notes"]
    assert note.startswith("No namespaces (unshare: ")
    result = result_as(0, tmp_path, program, limits=limit, strict=True)
    assert result["error"].startswith("`--strict` requires namespaces, which are refused: unshare:")


@pytest.mark.parametrize("limits", ["", "max_pid_namespaces"])
def test_memory_without_control_groups(tmp_path: Path, limits: str, no_leftovers: None) -> None:
    """An ordinary user's function is killed too when it uses too much memory; its peak is known."""
    del no_leftovers
    user = 0 if limits else 1000
    result = result_as(user, tmp_path, "kept = bytearray(1 << 30); print('kept')", limits=limits)
    assert (result["status"], result["oom"], result["text"]) == (137, True, "")
    assert not result["has_groups"]
    assert result["peak"] >= 100


def test_shared_memory_counts_once(tmp_path: Path, no_leftovers: None) -> None:
    """Processes that share memory after a fork do not use it twice."""
    del no_leftovers
    program = """\
import os, time
kept = bytearray(70 << 20)
if os.fork():
    time.sleep(0.5)
    os.wait()
    os._exit(4)
time.sleep(0.5)
"""
    result = result_as(1000, tmp_path, program)
    assert (result["status"], result["oom"]) == (4, False)


def test_children_of_a_function_without_memory(tmp_path: Path, no_leftovers: None) -> None:
    """If only a child uses too much memory, it is killed alone, as by the kernel."""
    del no_leftovers
    program = """\
import os
if os.fork() == 0:
    kept = bytearray(1 << 30)
    os._exit(0)
print(os.wait()[1] & 0x7F, flush=True)
"""
    result = result_as(1000, tmp_path, program)
    assert (result["text"], result["status"], result["oom"]) == ("9\n", 0, False)


def test_own_name_is_known(tmp_path: Path) -> None:
    """Programs find their own sandbox by name, as extensions do for telemetry."""
    program = "import socket; print(socket.gethostbyname('sandbox.localdomain'))"
    result = result_as(os.geteuid(), tmp_path, program)
    assert result["text"] == "127.0.0.1\n"
