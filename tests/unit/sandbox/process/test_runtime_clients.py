from __future__ import annotations

import os
from pathlib import Path

import pytest

from samlocal.errors import InterpreterNotFoundError, Place
from samlocal.function import Function, LocalCode
from samlocal.runtimes import find_runtime
from samlocal.sandbox.process.installations import Interpreter
from samlocal.sandbox.process.runtime_clients import Client, ClientRequest, make_client

PLACE = Place(Path("/shop/template.yaml"), 12, 5)
GEM = "gems/aws_lambda_ric-3.0.0/lib/aws_lambda_ric/bootstrap.rb"
RIC = "aws-lambda-java-runtime-interface-client"
POM = """\
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <dependencies>
    <dependency><groupId>com.amazonaws</groupId><artifactId>core</artifactId><version>1.4.0</version></dependency>
    <dependency><groupId>org.lite</groupId><artifactId>lite</artifactId><version>2.0</version></dependency>
    <dependency>
      <groupId>org.junit</groupId><artifactId>junit</artifactId><version>5</version><scope>test</scope>
    </dependency>
  </dependencies>
</project>
"""

on_linux = pytest.mark.skipif(
    os.uname().sysname != "Linux", reason="AWS's client for Node.js has a native part for Linux"
)


def write(path: Path, text: str = "") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def client(
    tmp_path: Path,
    runtime: str,
    *,
    version: tuple[int, ...] = (22, 20),
    layers: Path | None = None,
    options: str = "",
) -> Client:
    """Return the client of a function whose code is in `code`, in a home and with an interpreter of its own."""
    code = tmp_path / "code"
    code.mkdir(exist_ok=True)
    function = Function(
        logical_id="Ratings",
        full_path="Ratings",
        name="ratings",
        code=LocalCode(path=code, place=PLACE),
        place=PLACE,
        runtime=runtime,
        handler="app.handler",
        memory_mb=256,
    )
    interpreter = Interpreter(path=tmp_path / "lang" / "bin" / "x", version=version, origin="test")
    return make_client(
        ClientRequest(
            function=function,
            runtime=find_runtime(runtime),
            interpreter=interpreter,
            environment={"NODE_OPTIONS": options},
            folders={"/var/task": code} | ({"/opt": layers} if layers else {}),
            home=tmp_path / "home",
        )
    )


def test_nodejs(tmp_path: Path) -> None:
    """Node.js starts with Lambda's options, and finds modules in layers and the code."""
    made = client(tmp_path, "nodejs22.x", layers=tmp_path)
    assert made.arguments[:-1] == (
        "--expose-gc",
        "--max-http-header-size=81920",
        "--max-semi-space-size=12",
        "--max-old-space-size=231",
        "--no-experimental-require-module",
        "--no-experimental-detect-module",
    )
    assert Path(made.arguments[-1]).name == "bootstrap.cjs"
    assert made.variables["NODE_PATH"] == (
        "/opt/nodejs/node22/node_modules:/opt/nodejs/node_modules:/var/task"
    )


@pytest.mark.parametrize(
    ("version", "options", "expected"),
    [
        pytest.param((20, 16), "", [], id="unknown to an older one"),
        pytest.param((20, 17), "", ["--no-experimental-require-module"], id="known"),
        pytest.param((26, 0), "", ["--no-experimental-require-module"], id="newer"),
        pytest.param((24, 0), "--experimental-require-module", [], id="turned on"),
    ],
)
def test_features_that_lambda_turns_off(
    tmp_path: Path, version: tuple[int, ...], options: str, expected: list[str]
) -> None:
    """An interpreter gets only options that it knows, and what the function turns on stays on."""
    made = client(tmp_path, "nodejs20.x", version=version, options=options)
    assert [each for each in made.arguments if "experimental" in each] == expected


def test_memory_options_of_the_function(tmp_path: Path) -> None:
    """A function that divides the memory itself is not overruled."""
    made = client(tmp_path, "nodejs22.x", options="--max_old_space_size=99")
    assert not [each for each in made.arguments if "space" in each]


@on_linux
@pytest.mark.parametrize(
    ("folder", "program", "native"),
    [
        pytest.param("code/node_modules", "index.mjs", "rapid-client.node", id="version 4"),
        pytest.param(
            "code/node_modules", "bin/index.mjs", "dist/rapid-client.node", id="version 3"
        ),
        pytest.param("layers/nodejs/node_modules", "index.mjs", "rapid-client.node", id="layer"),
    ],
)
def test_official_client_for_nodejs(tmp_path: Path, folder: str, program: str, native: str) -> None:
    """AWS's client runs the handler if it is installed, and its native part is built."""
    package = tmp_path / folder / "aws-lambda-ric"
    write(package / program)
    before = client(tmp_path, "nodejs22.x", layers=tmp_path / "layers")
    assert Path(before.arguments[-1]).name == "bootstrap.cjs"
    write(package / native)
    made = client(tmp_path, "nodejs22.x", layers=tmp_path / "layers")
    seen = f"/{folder}/aws-lambda-ric/{program}"
    seen = seen.replace("/code/", "/var/task/").replace("/layers/", "/opt/")
    assert made.arguments[-2:] == (seen, "app.handler")


@on_linux
def test_official_client_of_the_interpreter(tmp_path: Path) -> None:
    """A global package is used, too."""
    package = tmp_path / "lang" / "lib" / "node_modules" / "aws-lambda-ric"
    write(package / "index.mjs")
    write(package / "rapid-client.node")
    made = client(tmp_path, "nodejs22.x")
    assert made.arguments[-2:] == (str(package / "index.mjs"), "app.handler")


def test_ruby(tmp_path: Path) -> None:
    """Ruby has the client of the stand-in image, and finds gems in the code and layers."""
    made = client(tmp_path, "ruby3.3", layers=tmp_path)
    assert made.arguments[:2] == ("-I", "/var/task")
    assert Path(made.arguments[2]).is_file()
    assert made.variables == {
        "RUBYLIB": "/opt/ruby/lib",
        "GEM_PATH": "/var/task/vendor/bundle/ruby/3.3.0:/opt/ruby/gems/3.3.0:",
    }


def test_official_client_for_ruby(tmp_path: Path) -> None:
    """AWS's gem runs the handler if the code has it."""
    below = f"vendor/bundle/ruby/3.3.0/{GEM}"
    write(tmp_path / "code" / below)
    made = client(tmp_path, "ruby3.3")
    start = ("-e", "Bootstrap.start", "--", "app.handler")
    assert made.arguments == ("-I", "/var/task", "-r", f"/var/task/{below}", *start)


def repository(tmp_path: Path) -> Path:
    return tmp_path / "home" / ".m2" / "repository"


def jar(tmp_path: Path, group: str, artifact: str, version: str) -> Path:
    folder = repository(tmp_path) / group / artifact / version
    return write(folder / f"{artifact}-{version}.jar")


def test_java_client_of_the_maven_repository(tmp_path: Path) -> None:
    """The newest client runs with what its POM names for its run, in those versions or the newest ones."""
    jar(tmp_path, "com/amazonaws", RIC, "2.9.0")
    newest = jar(tmp_path, "com/amazonaws", RIC, "2.10.1")
    newest.with_suffix(".pom").write_text(POM)
    core = jar(tmp_path, "com/amazonaws", "core", "1.4.0")
    jar(tmp_path, "com/amazonaws", "core", "1.5.0")
    lite = jar(tmp_path, "org/lite", "lite", "2.1")
    made = client(tmp_path, "java21")
    assert made.arguments[made.arguments.index("-classpath") + 1] == f"{newest}:{core}:{lite}"
    assert {newest, core, lite} <= set(made.files)
    assert "-XX:MaxRAM=256m" in made.arguments


def test_java_client_of_the_code(tmp_path: Path) -> None:
    """A client among the function's jars comes with them."""
    write(tmp_path / "code" / "lib" / f"{RIC}-2.10.1.jar")
    made = client(tmp_path, "java21")
    assert made.arguments[made.arguments.index("-classpath") + 1] == "/var/task/lib/*"


def test_no_java_client(tmp_path: Path) -> None:
    """Without a client, the error has the command that gets it."""
    with pytest.raises(InterpreterNotFoundError) as error:
        client(tmp_path, "java21")
    assert f"`{repository(tmp_path)}`" in error.value.message
    assert "mvn dependency:get -Dartifact=com.amazonaws:" in (error.value.hint or "")
    assert error.value.place == PLACE


def test_part_of_the_java_client(tmp_path: Path) -> None:
    """A dependency that is not in the repository is named."""
    found = jar(tmp_path, "com/amazonaws", RIC, "2.10.1")
    found.with_suffix(".pom").write_text(POM)
    with pytest.raises(InterpreterNotFoundError, match="`core`, which") as error:
        client(tmp_path, "java21")
    assert f"{RIC}:2.10.1`" in (error.value.hint or "")
