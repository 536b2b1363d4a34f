"""The versions of interpreters, read from files and names where possible: a program is run once in its life."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from samlocal.file_stamp import file_stamp

if TYPE_CHECKING:
    from pathlib import Path

Version = tuple[int, ...]

_NUMBERS: Final = re.compile(r"\d+(?:\.\d+)*")
_CACHE: Final = "interpreters.json"
_RUN_SECONDS: Final = 20.0
# What `--version` (Java 8: `-version`) says first.
_BANNERS: Final = {
    "Python": re.compile(r"Python (\d[\d.]*)"),
    "Node.js": re.compile(r"v(\d[\d.]*)"),
    "Ruby": re.compile(r"ruby (\d[\d.]*)"),
    "Java": re.compile(r'version "(?:1\.)?(\d[\d.]*)'),
}


def parse_version(text: str) -> Version:
    """Return the numbers of the first version in a text; empty if there is none."""
    found = _NUMBERS.search(text)
    return tuple(int(number) for number in found[0].split(".")) if found else ()


def directory_version(name: str) -> Version:
    """Return the version in the name of a directory, empty if it is not one of the standard implementation.

    `3.12.4`, `v20.1.0`, `3.12.4-linux-x86_64-gnu`; not `pypy3.10-7.3.15`, `3.13.0+freethreaded-linux-x86_64-gnu`
    or `3.13t`.
    """
    found = re.fullmatch(r"v?(\d+(?:\.\d+)*)(?:-(?:linux|macos|darwin).*)?", name)
    return parse_version(found[1]) if found else ()


def environment_version(folder: Path) -> Version:
    """Return the version of Python in a virtual environment, empty if it is none.

    https://docs.python.org/3/library/venv.html: `version` or, by virtualenv and uv, `version_info`.
    """
    try:
        lines = (folder / "pyvenv.cfg").read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return ()
    values = {
        name.strip(): value.strip() for name, _, value in (each.partition("=") for each in lines)
    }
    return parse_version(values.get("version") or values.get("version_info") or "")


def java_version(home: Path) -> Version:
    """Return the version of a Java home, from its file `release`; empty if there is none.

    Java 8 calls itself 1.8: https://openjdk.org/jeps/223
    """
    try:
        text = (home / "release").read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ()
    found = re.search(r'^JAVA_VERSION="(?:1\.)?([\d.]+)', text, re.MULTILINE)
    return parse_version(found[1]) if found else ()


def program_version(path: Path, language: str, cache: Path) -> Version:
    """Return the version of a program of a language, empty if it is not one.

    The program is run unless a file or its name tells its version. The result is kept in the folder `cache` until
    the program is another one.
    """
    real = path.resolve()
    if language == "Java" and (version := java_version(real.parent.parent)):
        return version
    if language == "Python" and (found := re.fullmatch(r"python(3\.\d+)", real.name)):
        return parse_version(found[1])
    stamp = list(file_stamp(str(real)) or ())
    known = _read(cache)
    entry = known.get(str(real))
    if isinstance(entry, list) and entry[:2] == [language, stamp]:
        return tuple(entry[2])
    version = _ask(real, language)
    if version:
        _write(cache, {**known, str(real): [language, stamp, list(version)]})
    return version


def _ask(program: Path, language: str) -> Version:
    import subprocess  # noqa: PLC0415  # once for each program

    option = "-version" if language == "Java" else "--version"
    try:
        run = subprocess.run(
            [str(program), option],
            check=False,
            capture_output=True,
            stdin=subprocess.DEVNULL,
            timeout=_RUN_SECONDS,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ()
    said = (run.stdout + run.stderr).decode(errors="replace")
    found = _BANNERS[language].search(said)
    return parse_version(found[1]) if found else ()


def _read(cache: Path) -> dict[str, object]:
    try:
        known = json.loads((cache / _CACHE).read_bytes())
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}


def _write(cache: Path, known: dict[str, object]) -> None:
    """Keep the versions; a cache that cannot be written costs the next run some time only."""
    import os  # noqa: PLC0415  # once for each program

    new = cache / f"{_CACHE}.{os.getpid()}"
    with suppress(OSError):
        cache.mkdir(mode=0o700, parents=True, exist_ok=True)
        new.write_text(json.dumps(known), encoding="utf-8")
        new.replace(cache / _CACHE)
