"""Whether the program on disk is still the one that runs."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from samlocal.file_stamp import FileStamp, file_stamp
from samlocal.service.identity import package_folder

Stamps = dict[str, FileStamp | None]


def take_stamps() -> Stamps:
    """Return what tells a change of each file of the package, and of each folder of installed packages.

    An installation or an upgrade of anything changes the folder that it is in.
    """
    package = package_folder()
    files = (
        os.path.join(folder, name)  # noqa: PTH118  # a thousand paths, before each start
        for folder, _, names in os.walk(package)
        for name in names
        if not name.endswith(".pyc")
    )
    data = Path(package).parent / "runtimes"  # beside the package in a checkout
    facts = (str(each) for each in data.glob("*.yaml"))
    installed = (each for each in sys.path if each.endswith("-packages"))
    return {path: file_stamp(path) for path in (*files, *facts, *installed)}


def is_changed(stamps: Stamps) -> bool:
    """Tell whether a file has another content, or is gone; it takes less than a millisecond."""
    return any(file_stamp(path) != stamp for path, stamp in stamps.items())
