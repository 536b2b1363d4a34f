"""Handlers that say what their sandbox lets them see and do."""

import errno
import os
import socket
import subprocess
import time

MIB = 1024 * 1024


def looks(_event, _context):
    with open("/proc/self/status") as status:
        fields = dict(line.rstrip("\n").split(":\t", 1) for line in status)
    with open("/etc/resolv.conf") as resolver:
        servers = [line.split()[1] for line in resolver if line.startswith("nameserver")]
    return {
        "user": [os.getuid(), os.getgid()],
        "groups": os.getgroups(),
        "capabilities": int(fields["CapBnd"], 16),
        "no_new_privileges": fields["NoNewPrivs"],
        "tmp_mb": os.statvfs("/tmp").f_blocks * os.statvfs("/tmp").f_frsize // MIB,
        "writable": [path for path in ("/", "/opt", "/var/task", "/dev", "/tmp") if _takes(path)],
        "runs_from_tmp": _runs("/tmp"),
        "shared_memory": os.path.exists("/dev/shm"),
        "open_files": os.sysconf("SC_OPEN_MAX"),
        "memory_mb": _memory_limit() // MIB,
        "dns": servers,
    }


def layered(_event, _context):
    with open("/opt/words.txt") as words:
        return {"words": words.read(), "writable": _takes("/opt")}


def fills(event, _context):
    written = 0
    try:
        with open("/tmp/filling", "wb", buffering=0) as file:
            while written < event["mb"]:
                written += file.write(bytes(MIB)) // MIB
    except OSError as error:
        return {"written_mb": written, "error": errno.errorcode[error.errno]}
    return {"written_mb": written, "error": None}


def uses_300_mb(_event, _context):
    return len(bytearray(os.urandom(1024)) * (300 * 1024))


def burns(event, _context):
    """Wait until the CPU is limited, at most a while; then use 0.1 s of it, and say how often that was held up."""
    give_up = time.monotonic() + event.get("seconds", 45)
    while _cpus() is None and time.monotonic() < give_up:
        time.sleep(0.01)
    before = _throttled()
    until = time.process_time() + 0.1
    while time.process_time() < until:
        pass
    return {"cpus": _cpus(), "throttled": _throttled() - before}


def resolves(event, _context):
    return {name: socket.gethostbyname(name) for name in event}


def stores(event, _context):
    with open("/mnt/store/reviews.txt", "a") as reviews:
        reviews.write(event["review"] + "\n")
    with open("/mnt/store/reviews.txt") as reviews:
        return reviews.read()


def _takes(directory):
    path = os.path.join(directory, "file")
    try:
        with open(path, "w") as file:
            file.write("content")
        os.remove(path)
    except OSError:
        return False
    return True


def _runs(directory):
    path = os.path.join(directory, "program")
    with open(path, "w") as program:
        program.write("#!/bin/sh\nexit 7\n")
    os.chmod(path, 0o755)
    return subprocess.run([path], check=False).returncode == 7


def _memory_limit():
    return int(_group_file("memory/memory.limit_in_bytes", "memory.max").replace("max", "0"))


def _cpus():
    try:
        quota, period = _group_file("cpu/cpu.cfs_quota_us"), _group_file("cpu/cpu.cfs_period_us")
    except FileNotFoundError:
        quota, period = _group_file("cpu.max").split()
    return None if quota in {"-1", "max"} else int(quota) / int(period)


def _throttled():
    """In how many of the kernel's periods the function has used up its share."""
    lines = _group_file("cpu/cpu.stat", "cpu.stat").splitlines()
    return int(dict(line.split() for line in lines).get("nr_throttled", 0))


def _group_file(*names):
    for name in names:
        path = os.path.join("/sys/fs/cgroup", name)
        if os.path.exists(path):
            with open(path) as file:
                return file.read().strip()
    raise FileNotFoundError(names)
