"""Where the code of a function is."""

from __future__ import annotations

import os
import zipfile
from typing import TYPE_CHECKING

import pytest

from samlocal.errors import CodeNotFoundError
from samlocal.function import LocalCode, S3Code
from tests.unit.serverless.services import open_service, resolved

if TYPE_CHECKING:
    from pathlib import Path

    from samlocal.function import Function


def service(directory: Path, settings: str, *, runtime: str = "nodejs22.x", more: str = "") -> None:
    """Write a service with one function, `hello`."""
    text = f"service: shop\nprovider: {{name: aws, runtime: {runtime}}}\nfunctions: {{hello: {settings}}}\n"
    directory.joinpath("serverless.yml").write_text(text + more)


def touch(path: Path, *, age: int = 0) -> Path:
    """Make a file that is `age` seconds old."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    os.utime(path, (1_700_000_000 - age,) * 2)
    return path


def archive(path: Path, *names: str) -> Path:
    """Make a zip archive of empty files."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as file:
        for name in names:
            file.writestr(name, "")
    return path


def hello(directory: Path) -> Function:
    return resolved(open_service(directory), "hello")


def code_of(directory: Path) -> Path:
    """Return where the code of the function `hello` is."""
    code = hello(directory).code
    assert isinstance(code, LocalCode)
    return code.path


@pytest.mark.parametrize(
    ("handler", "runtime", "file"),
    [
        ("src/app.handler", "nodejs22.x", "src/app.mjs"),
        ("./src/app.handler", "nodejs22.x", "src/app.js"),
        ("src/app.api.get", "nodejs22.x", "src/app.cjs"),
        ("node-package/index.handler", "nodejs22.x", "node_modules/node-package/index.js"),
        ("src/app.handler", "nodejs22.x", "src/app/index.js"),
        ("node-package.handler", "nodejs22.x", "node_modules/node-package/package.json"),
        ("src/app.handler", "python3.13", "src/app.py"),
        ("src.app.handler", "python3.13", "src/app/__init__.py"),
        ("src/app.Shop.handler", "ruby3.3", "src/app.rb"),
        ("../elsewhere/app.handler", "python3.13", "app.py"),
    ],
)
def test_the_code_is_the_directory_of_the_service(
    tmp_path: Path, handler: str, runtime: str, file: str
) -> None:
    """The handler's file is found as the language's runtime finds it."""
    touch(tmp_path / file)
    service(tmp_path, f"{{handler: {handler}}}", runtime=runtime)
    function = hello(tmp_path)
    assert isinstance(function.code, LocalCode)
    assert function.code.path == tmp_path
    assert function.diagnostics == ()


@pytest.mark.parametrize(
    ("plugin", "directory"),
    [
        ("serverless-esbuild", ".esbuild/.build"),
        ("serverless-webpack", ".webpack/service"),
        ("serverless-webpack", ".webpack/hello"),
        ("serverless-bundle", ".webpack/service"),
        ("serverless-plugin-typescript", ".build"),
        (None, ".serverless/build"),
    ],
)
def test_built_code_comes_before_its_source(
    tmp_path: Path, plugin: str | None, directory: str
) -> None:
    """Each plugin has a directory for what it builds."""
    touch(tmp_path / "src/app.ts")
    touch(tmp_path / directory / "src/app.js")
    more = f"plugins: [{plugin}]" if plugin else ""
    service(tmp_path, "{handler: src/app.handler}", more=more)
    assert code_of(tmp_path) == tmp_path / directory


def test_folders_of_esbuild_are_options_of_it(tmp_path: Path) -> None:
    """`outputWorkFolder` and `outputBuildFolder` change where esbuild's plugin builds."""
    touch(tmp_path / "work/out/app.js")
    more = """
plugins: [serverless-esbuild]
custom: {esbuild: {outputWorkFolder: work, outputBuildFolder: out}}
"""
    service(tmp_path, "{handler: app.handler}", more=more)
    assert code_of(tmp_path) == tmp_path / "work/out"


def test_built_code_that_is_older_than_its_source_is_named(tmp_path: Path) -> None:
    """It is used, with a diagnostic that says how to build it again."""
    touch(tmp_path / "app.ts", age=120)
    touch(tmp_path / "lib/names.ts")
    touch(tmp_path / ".build/app.js", age=60)
    service(tmp_path, "{handler: app.handler}", more="plugins: [serverless-plugin-typescript]")
    (said,) = hello(tmp_path).diagnostics
    assert said.message == "`.build` is older than `lib/names.ts`"
    assert said.hint == "build again, such as with `serverless package`"


@pytest.mark.parametrize("more", ["plugins: [serverless-esbuild]", "build: esbuild"])
def test_a_source_that_is_not_built_is_used_if_it_may_run(tmp_path: Path, more: str) -> None:
    """A diagnostic says so; once there is a package, that comes first."""
    touch(tmp_path / "app.js", age=3600)
    service(tmp_path, "{handler: app.handler}", more=more)
    function = hello(tmp_path)
    assert isinstance(function.code, LocalCode)
    assert function.code.path == tmp_path
    (said,) = function.diagnostics
    assert "is not built by" in said.message
    assert said.hint == "run `serverless package`"
    package = archive(tmp_path / ".serverless/shop.zip", "app.js")
    assert code_of(tmp_path) == package
    assert hello(tmp_path).diagnostics == ()


@pytest.mark.parametrize(
    ("plugin", "handler", "runtime"),
    [
        ("serverless-wsgi", "wsgi_handler.handler", "python3.13"),
        ("serverless-rack", "rack_adapter.handler", "ruby3.3"),
    ],
)
def test_a_handler_that_a_plugin_writes_has_its_command(
    tmp_path: Path, plugin: str, handler: str, runtime: str
) -> None:
    """The plugin writes it into the directory of the service."""
    service(tmp_path, f"{{handler: {handler}}}", runtime=runtime, more=f"plugins: [{plugin}]")
    with pytest.raises(CodeNotFoundError, match="is not installed") as caught:
        hello(tmp_path)
    assert caught.value.hint == f"run `serverless {plugin.rpartition('-')[2]} install`"


@pytest.mark.parametrize("name", ["shop", "hello"])
def test_a_package_is_used_where_only_sources_are(tmp_path: Path, name: str) -> None:
    """`serverless package` leaves an archive of the service, or of each function."""
    touch(tmp_path / "app.ts", age=3600)
    package = archive(tmp_path / f".serverless/{name}.zip", "app.js")
    service(tmp_path, "{handler: app.handler}")
    assert code_of(tmp_path) == package
    assert hello(tmp_path).diagnostics == ()


def test_a_handler_that_is_not_built_has_the_command_that_builds_it(tmp_path: Path) -> None:
    """Only the TypeScript source is there."""
    touch(tmp_path / "src/app.ts")
    archive(tmp_path / ".serverless/shop.zip", "other.js")
    service(tmp_path, "{handler: src/app.handler}")
    with pytest.raises(
        CodeNotFoundError, match=r"`hello` is not built: there is `src/app.ts`"
    ) as caught:
        hello(tmp_path)
    assert caught.value.hint == "run `serverless package`"
    assert caught.value.place is not None


def test_a_missing_handler_is_left_to_the_runtime(tmp_path: Path) -> None:
    """Lambda's own error follows a diagnostic."""
    service(tmp_path, "{handler: nope.handler}", runtime="python3.13")
    function = hello(tmp_path)
    assert isinstance(function.code, LocalCode)
    assert [each.message for each in function.diagnostics] == [
        "there is no file for the handler `nope.handler`"
    ]


@pytest.mark.parametrize(
    ("package", "hint"),
    [
        ('{"scripts": {"build": "tsc"}}', "run `npm run build`, if that makes it"),
        ('{"scripts": {"test": "jest"}}', None),
        ("[]", None),
        ("{", None),
    ],
)
def test_a_build_script_may_make_a_missing_handler(
    tmp_path: Path, package: str, hint: str | None
) -> None:
    """The script `build` of package.json is the remedy, if there is one."""
    (tmp_path / "package.json").write_text(package)
    service(tmp_path, "{handler: dist/app.handler}")
    (said,) = hello(tmp_path).diagnostics
    assert (said.message, said.hint) == (
        "there is no file for the handler `dist/app.handler`",
        hint,
    )


def test_a_layer_may_have_the_handler(tmp_path: Path) -> None:
    """Nothing is said about a missing handler of a function with layers."""
    settings = "{handler: wrapper.handler, layers: ['arn:aws:lambda:eu-west-1:1:layer:wrapper:1']}"
    service(tmp_path, settings, runtime="python3.13")
    assert hello(tmp_path).diagnostics == ()


def test_dots_in_the_name_of_a_file_are_explained(tmp_path: Path) -> None:
    """Serverless splits a handler at the last dot, Lambda at the first."""
    touch(tmp_path / "src/dotted.name.js")
    service(tmp_path, "{handler: src/dotted.name.get}")
    (said,) = hello(tmp_path).diagnostics
    assert "Lambda looks for `src/dotted.js`" in said.message


@pytest.mark.parametrize("handler", ["src/app.js.get", "src.js/app.js.get"])
def test_the_ending_of_a_file_is_explained(tmp_path: Path, handler: str) -> None:
    """Serverless finds a handler with the ending of its file, Lambda takes it for an export."""
    touch(tmp_path / f"{handler.removesuffix('.get')}")
    service(tmp_path, f"{{handler: {handler}}}")
    (said,) = hello(tmp_path).diagnostics
    assert said.message == f"Lambda takes the ending of the file in `{handler}` for an export"
    assert said.hint == f"leave it out: `{handler.replace('app.js', 'app')}`"


@pytest.mark.parametrize("where", ["function", "service"])
def test_an_artifact_is_the_code(tmp_path: Path, where: str) -> None:
    """`package.artifact` of the function or of the service comes before the directory."""
    artifact = archive(tmp_path / "out/app.zip", "app.py")
    touch(tmp_path / "app.py")
    own = ", package: {artifact: out/app.zip}" if where == "function" else ""
    more = "package: {artifact: out/app.zip}" if where == "service" else ""
    service(tmp_path, f"{{handler: app.handler{own}}}", runtime="python3.13", more=more)
    assert code_of(tmp_path) == artifact


@pytest.mark.parametrize(
    "url",
    [
        "s3://bucket/key/app.zip",
        "https://bucket.s3.eu-west-1.amazonaws.com/key/app.zip",
        "https://s3.amazonaws.com/bucket/key/app.zip",
    ],
)
def test_an_artifact_may_be_in_s3(tmp_path: Path, url: str) -> None:
    """Each form of URL that S3 has names a bucket and a key."""
    service(tmp_path, f"{{handler: app.handler, package: {{artifact: '{url}'}}}}")
    code = hello(tmp_path).code
    assert isinstance(code, S3Code)
    assert (code.bucket, code.key) == ("bucket", "key/app.zip")


def test_without_the_artifact_the_directory_is_used_if_it_has_the_handler(tmp_path: Path) -> None:
    """A diagnostic says what to run."""
    touch(tmp_path / "app.js")
    (tmp_path / "package.json").write_text('{"scripts": {"build": "zip"}}')
    service(tmp_path, "{handler: app.handler, package: {artifact: out/app.zip}}")
    function = hello(tmp_path)
    (said,) = function.diagnostics
    assert "does not exist: using the directory" in said.message
    assert said.hint == "run `npm run build`"


@pytest.mark.parametrize("build", ["pom.xml", "build.gradle"])
def test_java_needs_an_artifact(tmp_path: Path, build: str) -> None:
    """The hint has the command that builds it."""
    command = {"pom.xml": "mvn package", "build.gradle": "gradle build"}[build]
    touch(tmp_path / build)
    service(tmp_path, "{handler: shop.Hello}", runtime="java21")
    with pytest.raises(CodeNotFoundError, match=r"`hello` has no `package.artifact`") as caught:
        hello(tmp_path)
    assert command in (caught.value.hint or "")
    service(tmp_path, "{handler: shop.Hello, package: {artifact: target/a.jar}}", runtime="java21")
    with pytest.raises(
        CodeNotFoundError, match=r"`target/a.jar` of `hello` does not exist"
    ) as caught:
        hello(tmp_path)
    assert caught.value.hint == f"run `{command}`"
    jar = archive(tmp_path / "target/a.jar", "shop/Hello.class")
    assert code_of(tmp_path) == jar


def test_a_program_may_be_in_a_package(tmp_path: Path) -> None:
    """A function of an OS-only runtime runs `bootstrap` in the directory, else in the package."""
    package = archive(tmp_path / ".serverless/shop.zip", "bootstrap")
    service(tmp_path, "{handler: bootstrap}", runtime="provided.al2023")
    assert code_of(tmp_path) == package
    touch(tmp_path / "bootstrap")
    assert code_of(tmp_path) == tmp_path


def test_the_module_of_python_requirements_moves_the_root(tmp_path: Path) -> None:
    """serverless-python-requirements packages a function from its `module`."""
    touch(tmp_path / "functions/hello/app.py")
    service(
        tmp_path,
        "{handler: app.handler, module: functions/hello}",
        runtime="python3.13",
        more="plugins: [serverless-python-requirements]",
    )
    assert code_of(tmp_path) == tmp_path / "functions/hello"
