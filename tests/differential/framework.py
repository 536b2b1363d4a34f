"""The Serverless Framework 3, installed beside the other programs that samlocal is compared with.

python -m tests.differential.framework      # installs it where npm is found, and prints its command
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

CACHE: Final = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "samlocal"
FOLDER: Final = CACHE / "serverless"
# The last of version 3, which needs no account; ts-node reads `serverless.ts`.
PACKAGES: Final = ("serverless@3.40.0", "ts-node@10", "typescript@5")
# It neither reports nor asks for anything, and takes no settings of this machine.
VARIABLES: Final = {"SLS_TELEMETRY_DISABLED": "1", "SLS_NOTIFICATIONS_MODE": "off", "CI": "1"}


def find_serverless() -> Path | None:
    """Return the command, installed once in a folder of its own; None on a machine without npm."""
    command = FOLDER / "node_modules" / ".bin" / "serverless"
    if not command.exists():
        npm = shutil.which("npm")
        if not npm:
            return None
        FOLDER.mkdir(parents=True, exist_ok=True)
        sys.stderr.write(f"Installing {' '.join(PACKAGES)} in {FOLDER}\n")
        options = ["--silent", "--no-audit", "--no-fund", f"--prefix={FOLDER}"]
        subprocess.run([npm, "install", *options, *PACKAGES], check=True, cwd=FOLDER)
    return command


if __name__ == "__main__":
    found = find_serverless()
    if not found:
        sys.exit("error: npm is not installed")
    print(found)
