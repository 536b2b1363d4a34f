"""Configurations in TypeScript, read through ts-node and tsx themselves."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from runtimes.images import ingredients
from runtimes.images.recipe import read_recipes
from runtimes.images.store import Store, cache_folder
from samlocal.errors import SamlocalError
from samlocal.serverless.configuration import read_configuration
from tests.docker.build_cache import built_once

if TYPE_CHECKING:
    from collections.abc import Callable

PACKAGES = Path(__file__).parents[2] / "projects" / "serverless-typescript"
CONFIGURATION = """\
import type { AWS } from '@serverless/typescript';
import { stage } from './stage';

enum Size { Small = 128 }
const configuration: AWS = { service: `shop-${stage}`, provider: { memorySize: Size.Small } };
"""
# What a service that is built by a bundler has, which no Node.js runs as it is.
SETTINGS = (
    '{"compilerOptions": {"module": "esnext", "moduleResolution": "bundler", "strict": true}}'
)


@pytest.fixture(scope="session")
def modules() -> Path:
    """Return the folder with ts-node, tsx and a compiler."""
    client = read_recipes().images["nodejs:22"].nodejs
    assert client is not None
    store = Store(cache_folder())
    with store.alone():
        node = ingredients.nodejs(store, client.version)
    npm = node / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"

    def build(folder: Path) -> None:
        shutil.copytree(PACKAGES, folder, dirs_exist_ok=True)
        options = ["--silent", "--no-audit", "--no-fund", "--ignore-scripts"]
        subprocess.run([node / "bin" / "node", npm, "ci", *options], cwd=folder, check=True)

    lock = (PACKAGES / "package-lock.json").read_text()
    return built_once("typescript", f"{lock} {client.version}", build) / "node_modules"


@pytest.fixture(params=["ts-node", "tsx", "ts-node on the PATH"])
def service(
    request: pytest.FixtureRequest,
    modules: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[[str], Path]:
    """Write the configuration of a service that has a compiler."""
    if request.param.endswith("PATH"):
        monkeypatch.setenv("PATH", f"{modules / '.bin'}{os.pathsep}{os.environ['PATH']}")
    else:
        (tmp_path / "node_modules").mkdir()
        (tmp_path / "node_modules" / request.param).symlink_to(modules / request.param)

    def write(text: str) -> Path:
        (tmp_path / "tsconfig.json").write_text(SETTINGS)
        (tmp_path / "stage.ts").write_text("export const stage: string = 'dev';\n")
        path = tmp_path / "serverless.ts"
        path.write_text(text)
        return path

    return write


@pytest.mark.parametrize("ending", ["export default", "module.exports ="])
def test_a_configuration(service: Callable[[str], Path], ending: str) -> None:
    """Either export gives the configuration; types are not checked, and what is missing of them does not matter."""
    path = service(f"{CONFIGURATION}{ending} configuration;\n")
    root = read_configuration(path).root
    assert root.plain() == {"service": "shop-dev", "provider": {"memorySize": 128}}


@pytest.mark.parametrize(
    ("text", "message", "line"),
    [
        ("const a: number = 1;\n\nthrow new Error('no token');\n", "throws: no token", 3),
        ("const a = 1;\nexport default {a: ]};\n", "serverless.ts", 2),
    ],
)
def test_errors_have_places(
    service: Callable[[str], Path], text: str, message: str, line: int
) -> None:
    """The place of an error is the line of the source, not of what the compiler makes of it."""
    path = service(text)
    with pytest.raises(SamlocalError, match=message) as caught:
        read_configuration(path)
    assert caught.value.place is not None
    assert (caught.value.place.path, caught.value.place.line) == (path, line)
