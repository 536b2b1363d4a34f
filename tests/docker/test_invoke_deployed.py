"""The examples of Serverless's page about `invoke`, against a server of the Lambda API.

https://www.serverless.com/framework/docs/providers/aws/cli-reference/invoke
"""

from __future__ import annotations

import json
import shlex
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from tests.docker.command import CHECKOUT, DIRECT, Samlocal
from tests.docker.endpoint import serving
from tests.docker.fixtures import STAND_INS
from tests.docker.leftovers import leftovers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import docker

SERVICE = CHECKOUT / "tests" / "projects" / "serverless-invoke"
DATA = {"resource": "/", "path": "/", "httpMethod": "GET"}
TEXT = {"context": "hello world"}

# The module's one server; elsewhere there would be one for each worker.
pytestmark = pytest.mark.xdist_group("serverless_invoke")


@pytest.fixture(scope="module")
def samlocal(
    engine: docker.APIClient,
    stand_in: Callable[[str], str],
    engine_variables: dict[str, str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Samlocal]:
    """The command in a Serverless project, whose functions are deployed to a server; it leaves no container."""
    stand_in("python:3.11")
    folder = tmp_path_factory.mktemp("service")
    project = shutil.copytree(SERVICE, folder / "project")
    own = {"SAMLOCAL_IMAGE_REPOSITORY": STAND_INS, "HOME": str(folder), "NO_COLOR": ""}
    environment = engine_variables | own | DIRECT | {"XDG_RUNTIME_DIR": str(folder)}
    command = Samlocal(directory=project, environment=environment)
    with serving(command, "--stage", "dev", "--region", "us-east-1") as server:
        yield command.with_variables(**server.client_variables())
    assert not leftovers(engine, project)


@pytest.mark.parametrize(
    ("command_line", "stdin", "event", "custom"),
    [
        pytest.param("--stage dev --region us-east-1", "", {}, None, id="invoke"),
        pytest.param('--data "hello world"', "", "hello world", None, id="data"),
        pytest.param('--context "hello world"', "", {}, TEXT, id="context"),
        pytest.param("--contextPath lib/context.json", "", {}, {"shop": "tea"}, id="context path"),
        pytest.param("", '{"generated": true}', {"generated": True}, None, id="standard input"),
        pytest.param("--path lib/data.json", "", DATA, None, id="path"),
    ],
)
@pytest.mark.parametrize("local", ["", "local"], ids=["deployed", "local"])
def test_an_example_of_the_page(  # a case
    samlocal: Samlocal,
    local: str,
    command_line: str,
    stdin: str,
    event: object,
    custom: object,
) -> None:
    """`serverless invoke [local] --function functionName` with the options of the page."""
    words = shlex.split(f"invoke {local} --function functionName {command_line}")
    ended = samlocal(*words, stdin=stdin.encode())
    assert ended.exit_code == 0, ended.stderr
    result: dict[str, Any] = json.loads(ended.stdout)
    assert result == {"event": event, "custom": custom, "function": "shop-dev-functionName"}
    assert bool(ended.stderr) is bool(local)


def test_the_example_with_logging(samlocal: Samlocal) -> None:
    """`--log` shows what the function logged, on stderr."""
    ended = samlocal("invoke", "--function", "functionName", "--log")
    assert ended.exit_code == 0, ended.stderr
    assert "\nthe function's log\n" in ended.stderr
    assert json.loads(ended.stdout)["event"] == {}
