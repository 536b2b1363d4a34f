from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from samlocal.errors import CodeNotFoundError, Place
from samlocal.function import Function, Layer, LocalCode
from samlocal.runtimes import find_runtime
from samlocal.sandbox.unbuilt import (
    build_command,
    missing_code,
    missing_module_hint,
    require_built,
)

PLACE = Place(Path("template.yaml"), 1, 1)


@pytest.fixture
def function(tmp_path: Path) -> Function:
    """Return a function whose code is beside its template."""
    code = LocalCode(path=tmp_path, place=PLACE)
    return Function(
        logical_id="F", full_path="F", name="F", code=code, place=PLACE, handler="app.handler"
    )


@pytest.mark.parametrize(
    ("project", "file", "by_sam", "command"),
    [
        pytest.param("template.yaml", "template.yaml", True, "sam build", id="sam"),
        pytest.param("template.yaml", "Makefile", True, "sam build", id="Makefile beside sam"),
        pytest.param("template.yaml", "Makefile", False, "make", id="Makefile"),
        pytest.param(
            "template.yaml", "serverless.yml", True, "serverless package", id="Serverless"
        ),
        pytest.param(
            ".serverless/template.json",
            ".serverless/template.json",
            True,
            "serverless package",
            id="what Serverless wrote",
        ),
        pytest.param("cdk.out", "cdk.out/manifest.json", True, "cdk synth", id="CDK"),
        pytest.param(
            "cdk.out/a.template.json",
            "cdk.out/manifest.json",
            True,
            "cdk synth",
            id="CDK's template",
        ),
    ],
)
def test_the_command_is_that_of_the_project(
    function: Function,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    project: str,
    file: str,
    by_sam: bool,  # noqa: FBT001
    command: str,
) -> None:
    """The build command follows from the project."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / file).parent.mkdir(exist_ok=True)
    (tmp_path / file).touch()
    assert build_command(function, tmp_path / project, by_sam=by_sam) == command


def test_a_makefile_in_the_code_is_named(
    function: Function, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command for a Makefile has its directory; with a `BuildMethod` it is `sam build`."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "Makefile").touch()
    function = replace(function, code=LocalCode(path=tmp_path / "src", place=PLACE))
    project = tmp_path / "template.yaml"
    assert build_command(function, project, by_sam=False) == "make -C src"
    built_by_sam = replace(function, build_method="makefile")
    assert build_command(built_by_sam, project, by_sam=False) == "sam build"


@pytest.mark.parametrize(
    ("runtime", "handler", "files"),
    [
        ("nodejs22.x", "app.handler", ["app.ts", "app.mjs"]),
        ("nodejs22.x", "src/app.run.handler", ["tsconfig.json", "src/app.js"]),
        ("nodejs22.x", "/opt/nodejs/wrapper.handler", ["app.ts"]),
        (
            "nodejs22.x",
            "wrapper.handler",
            ["app.ts", "tsconfig.json", "node_modules/wrapper/index.js"],
        ),
        ("nodejs22.x", "app.handler", []),
        ("java21", "hello.Handler::handle", ["pom.xml", "hello/Handler.class"]),
        ("java21", "hello.Handler", ["build.gradle", "lib/hello.jar"]),
        ("java21", "hello.Handler", []),
        ("dotnet8", "Hello::Hello.F::Handle", ["Hello.csproj", "Hello.dll"]),
        ("dotnet8", "Hello", []),
        ("python3.11", "app.handler", ["requirements.txt"]),
    ],
)
def test_code_that_may_be_built_is_accepted(
    function: Function, tmp_path: Path, runtime: str, handler: str, files: list[str]
) -> None:
    """Code that may be built is not refused."""
    for file in files:
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).touch()
    function = replace(function, handler=handler)
    require_built(function, find_runtime(runtime), tmp_path, tmp_path / "template.yaml")


def test_layers_may_have_the_classes_of_the_code(function: Function, tmp_path: Path) -> None:
    """The classes of a Java function may be in its layers, unlike the module of a Node.js handler."""
    (tmp_path / "pom.xml").touch()
    (tmp_path / "app.ts").touch()
    layer = Layer(name="Classes", code=None, arn=None, place=PLACE)
    layered = replace(function, layers=(layer,))
    require_built(layered, find_runtime("java21"), tmp_path, tmp_path)
    with pytest.raises(CodeNotFoundError, match="`F` is not built"):
        require_built(layered, find_runtime("nodejs22.x"), tmp_path, tmp_path)


def test_typescript_in_an_asset_is_compiled_before_the_synthesis(
    function: Function, tmp_path: Path
) -> None:
    """For a CDK project, the hint is to compile before `cdk synth`."""
    (tmp_path / "manifest.json").touch()
    (tmp_path / "app.ts").touch()
    with pytest.raises(CodeNotFoundError) as caught:
        require_built(function, find_runtime("nodejs22.x"), tmp_path, tmp_path)
    assert caught.value.hint == "compile it, then run `cdk synth`"


@pytest.mark.parametrize(
    ("file", "hint"),
    [
        ("template.yaml", "did you run `sam build`, or your bundler?"),
        ("Makefile", "did you run `make`?"),
        ("manifest.json", "did you run `cdk synth`?"),
        ("serverless.ts", "did you run `serverless package`?"),
        ("serverless.mjs", "did you run `serverless package`?"),
    ],
)
def test_code_that_is_missing(
    function: Function,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    file: str,
    hint: str,
) -> None:
    """The hint for missing code is the command that builds it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / file).touch()
    code = LocalCode(path=tmp_path / "dist", place=PLACE)
    error = missing_code(replace(function, code=code), code, tmp_path / "template.yaml")
    assert (error.message, error.hint) == (f"the code `{tmp_path}/dist` does not exist", hint)


@pytest.mark.parametrize(
    ("family", "file", "message", "module"),
    [
        (
            "python",
            "requirements.txt",
            "Unable to import module 'app': No module named 'yaml.nodes'",
            "yaml",
        ),
        ("nodejs", "package.json", "Error: Cannot find module '@a/b/c'\nRequire stack:", "@a/b"),
        ("nodejs", "package.json", "Cannot find package 'a' imported from /var/task/app.mjs", "a"),
        ("ruby", "Gemfile", "cannot load such file -- nokogiri/xml", "nokogiri"),
        (
            "python",
            "requirements.txt",
            "Unable to import module 'app': No module named 'app'",
            None,
        ),
        ("nodejs", "package.json", "Error: Cannot find module './lib/a'", None),
        ("nodejs", "package.json", "Error: Cannot find module 'app'\nRequire stack:", None),
        ("python", "package.json", "Unable to import module 'app': No module named 'yaml'", None),
        (None, "requirements.txt", "No module named 'yaml'", None),
    ],
)
def test_hint_for_a_missing_module(
    function: Function,
    tmp_path: Path,
    family: str | None,
    file: str,
    message: str,
    module: str | None,
) -> None:
    """The hint for a missing module is to build, if the code has a list of dependencies."""
    (tmp_path / file).touch()
    function = replace(function, handler="src/app.handler")
    hint = missing_module_hint(function, family, tmp_path / "template.yaml", message)
    expected = f"`{module}` is not in the code: run `sam build` if `{file}` has it"
    assert hint == (expected if module else None)


@pytest.mark.parametrize(
    ("family", "file", "message", "expected"),
    [
        (
            "python",
            "requirements.txt",
            "No module named 'yaml'",
            (
                "`yaml` is not in the code: run `pip install -r requirements.txt -t .` if "
                "`requirements.txt` has it"
            ),
        ),
        (
            "python",
            "pyproject.toml",
            "No module named 'yaml'",
            "`yaml` is not in the code: run `pip install -t . yaml` if `pyproject.toml` has it",
        ),
        (
            "nodejs",
            "package.json",
            "Cannot find module 'a'",
            "`a` is not in the code: run `npm install` if `package.json` has it",
        ),
        (
            "python",
            "requirements.txt",
            "No module named 'requests'",
            (
                "`requests` is in `.serverless/requirements`: add "
                "`--env PYTHONPATH=/var/task/.serverless/requirements`"
            ),
        ),
    ],
)
def test_hint_for_a_missing_module_of_a_service(
    function: Function, tmp_path: Path, family: str, file: str, message: str, expected: str
) -> None:
    """A package has no effect on the directory that is run, so the hint installs, or shows what is installed."""
    (tmp_path / file).touch()
    (tmp_path / ".serverless/requirements/requests").mkdir(parents=True)
    function = replace(function, handler="src/app.handler", framework="serverless")
    assert missing_module_hint(function, family, tmp_path / "serverless.yml", message) == expected


@pytest.mark.parametrize(
    ("runtime", "file", "command"),
    [
        ("provided.al2023", "Makefile", "make"),
        ("provided.al2023", "go.mod", "serverless package"),
        ("nodejs22.x", "Makefile", "serverless package"),
    ],
)
def test_the_program_of_a_service_may_have_a_makefile(
    function: Function, tmp_path: Path, runtime: str, file: str, command: str
) -> None:
    """Serverless packages a program that something else has built."""
    for name in ("serverless.yml", file):
        (tmp_path / name).touch()
    function = replace(function, framework="serverless", runtime=runtime)
    assert build_command(function, tmp_path / "serverless.yml", by_sam=False) == command
