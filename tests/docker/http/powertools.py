"""Powertools for AWS Lambda, for Python and TypeScript, got from their package registries and put beside the functions."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Final

from tests.docker.aws_clients import install_packages, nodejs
from tests.docker.build_cache import built_once, content, run
from tests.docker.command import CHECKOUT

PROJECT: Final = CHECKOUT / "tests" / "projects" / "powertools"

_PYTHON: Final = ("aws-lambda-powertools==3.37.0", "jmespath==1.1.0", "typing-extensions==4.16.0")


def lay_out(directory: Path) -> None:
    """Copy the project, with the packages of its functions."""
    shutil.copytree(PROJECT, directory)
    shutil.copytree(_python_packages(), directory / "python", dirs_exist_ok=True)
    shutil.copy(_bundle(), directory / "typescript" / "app.js")


def _python_packages() -> Path:
    def build(folder: Path) -> None:
        uv = Path(sys.executable).with_name("uv")
        run([uv, "pip", "install", "--quiet", "--no-deps", f"--target={folder}", *_PYTHON])

    return built_once("powertools-python", " ".join(_PYTHON), build)


def _bundle() -> Path:
    """Return the functions in TypeScript as one file of JavaScript, as `sam build` makes it with esbuild."""
    source = PROJECT / "typescript"
    node, version = nodejs()

    def build(folder: Path) -> None:
        shutil.copytree(source, folder, dirs_exist_ok=True)
        install_packages(folder)
        esbuild = folder / "node_modules" / "esbuild" / "bin" / "esbuild"
        run(
            [node, esbuild, "app.ts", "--bundle", "--platform=node", "--outfile=app.js"], cwd=folder
        )

    return built_once("powertools-typescript", f"{content(source)} {version}", build) / "app.js"
