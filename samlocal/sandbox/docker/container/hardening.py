"""`--strict`: a container with the restrictions of Lambda.

https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
https://docs.docker.com/reference/api/engine/version/v1.41/#tag/Container/operation/ContainerCreate
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from samlocal.engine.engine_api import Json
    from samlocal.sandbox.sandbox import SandboxSpec

# Used instead of the image's user: https://simonko.dev/posts/aws/non-root-lambda-image
LAMBDA_USER: Final = "993:990"
_PROCESSES: Final = 1024
_OPEN_FILES: Final = 1024


def strict_options(spec: SandboxSpec) -> Json:
    """Return the options of the host config for `--strict`.

    Only /tmp is writable. The engine can limit its size only if it is in memory, and the kernel counts its
    files as memory of the function.
    """
    # Unlike the engine's default, Lambda lets a function execute files in /tmp.
    tmp = "exec,mode=1777"
    if spec.tmp_mb is not None:
        tmp += f",size={spec.tmp_mb}m"
    return {
        "ReadonlyRootfs": True,
        "Tmpfs": {"/tmp": tmp},  # noqa: S108  # the container's
        "CapDrop": ["ALL"],
        "SecurityOpt": ["no-new-privileges"],
        # Lambda has no /dev/shm: semaphores of Python's `multiprocessing` fail there.
        "IpcMode": "none",
        "PidsLimit": _PROCESSES,
        # Podman applies none of its defaults to a container with some limits.
        "Ulimits": [
            {"Name": "nofile", "Soft": _OPEN_FILES, "Hard": _OPEN_FILES},
            {"Name": "nproc", "Soft": _PROCESSES, "Hard": _PROCESSES},
        ],
    }
