"""`local start-lambda` on a real engine: requests, changes, debugging, signals, and what is left behind."""

from __future__ import annotations

import signal
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from tests.docker.command import BEHAVIOURS, CHECKOUT, PATIENCE_SECONDS
from tests.docker.endpoint import serving
from tests.docker.leftovers import leftovers
from tests.free_ports import free_port

if TYPE_CHECKING:
    from pathlib import Path

    import docker

    from tests.docker.fixtures import SamlocalIn

PROJECT = CHECKOUT / "tests" / "projects" / "lambda-endpoint"
PYTHON = "python:3.11"


def test_requests_are_answered(samlocal_in: SamlocalIn) -> None:
    """Requests are served warm; stderr has the logs, with names, and stdout has nothing."""
    with serving(samlocal_in(PROJECT, PYTHON)) as endpoint:
        answers = [endpoint.invoke("Counts") for _ in range(3)]
        assert [each.body for each in answers] == [1, 2, 3]
        assert answers[0].headers["x-amz-executed-version"] == "$LATEST"
        endpoint.wait_for(r"(?m)^Counts \| START RequestId: ")
        endpoint.wait_for(r"(?m)^Counts \| REPORT RequestId: .*Init Duration")
        failed = endpoint.invoke("Fails")
        assert failed.headers["x-amz-function-error"] == "Unhandled"
        assert endpoint.invoke("Nobody").status == 404
        assert endpoint.end(signal.SIGINT) == 0
        assert endpoint.process.stdout
        assert endpoint.process.stdout.read() == b""


def test_only_the_named_functions_are_served(samlocal_in: SamlocalIn) -> None:
    """Functions on the command line are the only ones; lines of a single one have no name."""
    with serving(samlocal_in(PROJECT, PYTHON), "Echo") as endpoint:
        assert endpoint.invoke("Echo", {"a": 1}).body == {"a": 1}
        assert endpoint.invoke("Counts").status == 404
        endpoint.wait_for(r"(?m)^START RequestId: ")


def test_changed_code_runs_in_the_next_request(samlocal_in: SamlocalIn) -> None:
    """A change of code is in effect with the next request; one that runs finishes with the old code."""
    samlocal = samlocal_in(PROJECT, PYTHON)
    code = samlocal.directory / "python" / "app.py"
    with serving(samlocal) as endpoint, ThreadPoolExecutor() as threads:
        assert endpoint.invoke("Echo", {"a": 1}).body == {"a": 1}
        running = threads.submit(endpoint.invoke, "Sleeps", {"seconds": 2})
        endpoint.wait_for(r"(?m)^Sleeps \| START")
        code.write_text(
            code.read_text().replace("return event\n", 'return "new"\n').replace("slept", "late")
        )
        assert endpoint.invoke("Echo", {"a": 1}).body == "new"
        assert running.result(PATIENCE_SECONDS).body == "slept", endpoint.shown
        assert endpoint.invoke("Sleeps", {"seconds": 0}).body == "late"


def test_nothing_is_watched_with_no_watch(samlocal_in: SamlocalIn) -> None:
    """`--no-watch` keeps the environment, and with it the code that it has loaded."""
    samlocal = samlocal_in(PROJECT, PYTHON)
    code = samlocal.directory / "python" / "app.py"
    with serving(samlocal, "--no-watch") as endpoint:
        assert endpoint.invoke("Counts").body == 1
        code.write_text(code.read_text() + "\n")
        assert endpoint.invoke("Counts").body == 2


def test_ignored_files(samlocal_in: SamlocalIn) -> None:
    """`--watch-ignore` and `.gitignore` let files change without a new environment; `--no-gitignore` does not."""
    samlocal = samlocal_in(PROJECT, PYTHON)
    code = samlocal.directory / "python"
    (samlocal.directory / ".gitignore").write_text("*.log\n")
    with serving(samlocal, "--watch-ignore", "*.md", "--watch-ignore", "notes/") as endpoint:
        assert endpoint.invoke("Counts").body == 1
        (code / "README.md").write_text("new")
        (code / "debug.log").write_text("new")
        (code / "notes").mkdir()
        (code / "notes" / "some.txt").write_text("new")
        assert endpoint.invoke("Counts").body == 2
        (code / "some.txt").write_text("new")
        assert endpoint.invoke("Counts").body == 1
    with serving(samlocal, "--no-gitignore") as endpoint:
        assert endpoint.invoke("Counts").body == 1
        (code / "debug.log").write_text("newer")
        assert endpoint.invoke("Counts").body == 1


def test_template_that_breaks_and_heals(samlocal_in: SamlocalIn) -> None:
    """The last good template is served while it cannot be read, which is said; the next good one is served."""
    samlocal = samlocal_in(PROJECT, PYTHON)
    template = samlocal.directory / "template.yaml"
    good = template.read_text()
    with serving(samlocal) as endpoint:
        assert endpoint.invoke("Echo", 1).body == 1
        template.write_text("Resources: [")
        assert endpoint.invoke("Echo", 2).body == 2
        endpoint.wait_for(r"(?m)^Warning: .*template\.yaml")
        template.write_text(good.replace("  Echo:", "  Renamed:").replace("!Ref Echo", "Renamed"))
        assert endpoint.invoke("Renamed", 3).body == 3
        assert endpoint.invoke("Echo", 4).status == 404


def test_samconfig_is_read_again(samlocal_in: SamlocalIn) -> None:
    """Options of samconfig take effect when it changes; one with a mistake, or about the port, does not."""
    samlocal = samlocal_in(BEHAVIOURS, PYTHON)
    config = samlocal.directory / "samconfig.toml"

    def write(options: str) -> None:
        config.write_text(f"[default.local_start_lambda.parameters]\n{options}\n")

    with serving(samlocal) as endpoint:
        assert endpoint.invoke("Context").status == 200
        write('env = ["STAGE=one"]')
        assert endpoint.invoke("Context").body["environment"]["STAGE"] == "one"
        endpoint.wait_for("`samconfig.toml` has changed: its options are in effect")
        write('env = ["no assignment"]')
        assert endpoint.invoke("Context").body["environment"]["STAGE"] == "one"
        endpoint.wait_for("The options before this change stay in effect")
        write('env = ["STAGE=two"]\nidle_timeout = "1m"')
        assert endpoint.invoke("Context").body["environment"]["STAGE"] == "two"
        endpoint.wait_for("some of its options need a restart")


def test_environments_are_initialized_at_the_start(samlocal_in: SamlocalIn) -> None:
    """With EAGER the first request finds an environment; a function that fails is shown, and others are served."""
    functions = ("Counts", "Missing", "Echo")
    samlocal = samlocal_in(PROJECT, PYTHON)
    with serving(samlocal, "--warm-containers", "eager", *functions) as endpoint:
        endpoint.wait_for("Environments are initialized")
        assert endpoint.invoke("Counts").body == 1
        assert endpoint.invoke("Missing").headers["x-amz-function-error"] == "Unhandled"


def test_other_hosts_are_refused(samlocal_in: SamlocalIn) -> None:
    """A request that names another host gets status 403, unless the host is allowed."""
    samlocal = samlocal_in(PROJECT, PYTHON)
    path = "/2015-03-31/functions/"
    with serving(samlocal, "--allow-host", "builder.test") as endpoint:
        assert endpoint.request("GET", path, Host="evil.test").status == 403
        assert endpoint.request("GET", path, Host="builder.test:3001").status == 200


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_running_requests_finish_after_a_signal(
    samlocal_in: SamlocalIn, number: signal.Signals
) -> None:
    """Requests that run when a signal comes finish, the others get an answer; the exit code is 0."""
    with (
        serving(samlocal_in(PROJECT, PYTHON)) as endpoint,
        ThreadPoolExecutor(50) as threads,
    ):
        requests = [
            threads.submit(endpoint.invoke, "Sleeps" if each < 2 else "Echo", {"seconds": 1})
            for each in range(50)
        ]
        endpoint.wait_for(r"(?m)^Sleeps \| START", number=2)
        assert endpoint.end(number) == 0
        answers = [each.result(PATIENCE_SECONDS) for each in requests]
        assert {each.status for each in answers} <= {200, 503}
        assert [each.body for each in answers[:2]] == ["slept", "slept"]
        endpoint.wait_for(r"(?m)^Sleeps \| REPORT", number=2)
        assert "Traceback" not in endpoint.shown


def test_second_signal_ends_running_requests(
    samlocal_in: SamlocalIn, engine: docker.APIClient
) -> None:
    """Requests get an answer at once after a second signal, and nothing is left."""
    samlocal = samlocal_in(PROJECT, PYTHON)
    with serving(samlocal) as endpoint, ThreadPoolExecutor() as threads:
        request = threads.submit(endpoint.invoke, "Sleeps", {"seconds": 15})
        endpoint.wait_for(r"(?m)^Sleeps \| START")
        endpoint.process.send_signal(signal.SIGTERM)
        endpoint.wait_for("Waiting for a running request")
        assert endpoint.end(signal.SIGTERM) == 143
        assert request.result(PATIENCE_SECONDS).status == 503
    assert not leftovers(engine, samlocal.directory)


def test_request_that_is_too_slow_gets_an_answer(samlocal_in: SamlocalIn) -> None:
    """A request that outlasts the time of a stop is answered, and the exit code is 0."""
    with serving(samlocal_in(PROJECT, PYTHON)) as endpoint, ThreadPoolExecutor() as threads:
        request = threads.submit(endpoint.invoke, "Sleeps", {"seconds": 19})
        endpoint.wait_for(r"(?m)^Sleeps \| START")
        assert endpoint.end(signal.SIGTERM) == 0
        answer = request.result(PATIENCE_SECONDS)
        assert (answer.status, answer.headers["x-amzn-errortype"]) == (503, "ServiceUnavailable")


def test_second_start_on_the_same_port(samlocal_in: SamlocalIn) -> None:
    """A port in use is an error that names it, and the endpoint there is not disturbed."""
    samlocal = samlocal_in(PROJECT, PYTHON)
    with serving(samlocal) as endpoint:
        second = samlocal("local", "start-lambda", "--port", str(endpoint.port))
        assert (second.exit_code, second.stdout) == (1, b"")
        assert f"port `{endpoint.port}` of `127.0.0.1` is in use" in second.stderr
        assert endpoint.invoke("Echo", 1).body == 1


def test_killed_endpoint_leaves_nothing_for_long(
    samlocal_in: SamlocalIn, engine: docker.APIClient, runtime_folder: Path
) -> None:
    """After SIGKILL the next endpoint removes containers and sockets."""
    samlocal = samlocal_in(PROJECT, PYTHON).with_variables(XDG_RUNTIME_DIR=str(runtime_folder))
    with serving(samlocal) as killed:
        assert killed.invoke("Echo", 1).body == 1
        killed.process.kill()
        killed.process.wait(PATIENCE_SECONDS)
    assert [*runtime_folder.glob("samlocal/*")]
    with serving(samlocal) as endpoint:
        assert endpoint.invoke("Echo", 1).body == 1
    assert not leftovers(engine, samlocal.directory)
    assert [*runtime_folder.glob("samlocal/*")] == []


def test_debugger_without_a_function(samlocal_in: SamlocalIn) -> None:
    """`-d` with several functions debugs none, as in sam, and says how to choose one."""
    with serving(samlocal_in(PROJECT, PYTHON), "-d", str(free_port())) as endpoint:
        endpoint.wait_for(r"no function is debugged: \d+ functions are served")
        endpoint.wait_for("--debug-function")
        assert endpoint.invoke("Echo", 1).body == 1


def test_events_that_were_not_handled_are_listed(samlocal_in: SamlocalIn) -> None:
    """An event that waits for its next attempt when a signal comes is listed on stderr."""
    with serving(samlocal_in(PROJECT, PYTHON)) as endpoint:
        headers = {"X-Amz-Invocation-Type": "Event"}
        path = "/2015-03-31/functions/Fails/invocations"
        accepted = endpoint.request("POST", path, b"{}", **headers)
        assert accepted.status == 202
        endpoint.wait_for("attempt 1 failed")
        assert endpoint.end() == 0
        request_id = accepted.headers["x-amzn-requestid"]
        endpoint.wait_for(f"{request_id} of `Fails` is lost")
