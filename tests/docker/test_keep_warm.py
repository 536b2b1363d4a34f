"""`local invoke --keep-warm`: environments that outlive the command, and the service that holds them."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.conformance.test_repeat import reports
from tests.docker import own_engine
from tests.docker.command import CHECKOUT, PATIENCE_SECONDS, Samlocal
from tests.docker.debugging.dap import DapClient
from tests.docker.endpoint import serving
from tests.docker.fixtures import STAND_INS
from tests.docker.leftovers import containers_of, leftovers, that_stay
from tests.free_ports import free_port
from tests.missing import missing

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Iterator

    import docker

    from tests.docker.command import Finished
    from tests.docker.fixtures import SamlocalIn

_PROJECT = CHECKOUT / "tests" / "projects" / "keep-warm"


@pytest.fixture
def samlocal(samlocal_in: SamlocalIn, runtime_folder: Path) -> Iterator[Samlocal]:
    """The command in a copy of the project, with a service of its own, which has ended afterwards."""
    command = samlocal_in(_PROJECT, "python:3.11").with_variables(
        XDG_RUNTIME_DIR=str(runtime_folder), SAMLOCAL_KEEP_WARM="2m"
    )
    try:
        yield command
        command("warm", "stop")
        wait_until(lambda: not processes(runtime_folder))
    finally:
        for pid in processes(runtime_folder):
            with suppress(OSError):
                os.kill(pid, signal.SIGKILL)


def processes(folder: Path) -> list[int]:
    """Return the processes of the service whose socket is in a folder."""
    variable = f"XDG_RUNTIME_DIR={folder}\0".encode()
    found = []
    for each in Path("/proc").iterdir():
        with suppress(OSError):
            if (
                each.name.isdigit()
                and b"samlocal.cli.background" in (each / "cmdline").read_bytes()
                and variable in (each / "environ").read_bytes()
            ):
                found.append(int(each.name))
    return found


def zygote(folder: Path) -> int:
    """Return the process that listens."""
    (path,) = folder.glob("samlocal/*.sock")
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(path))
        peer = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
    return int.from_bytes(peer[:4], sys.byteorder)


def folder_of(samlocal: Samlocal) -> Path:
    return Path(samlocal.environment["XDG_RUNTIME_DIR"])


def fleet_process(samlocal: Samlocal, engine: docker.APIClient) -> int:
    """Return the process of the fleet, which has started the only container."""
    (container,) = containers_of(engine, samlocal.directory)
    return int(container["Labels"]["samlocal.pid"])


def wait_until(condition: Callable[[], object]) -> None:
    """Wait for a condition, which must come true."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it did not come true"
        time.sleep(0.05)


def invoke(samlocal: Samlocal, *options: str, function: str = "Plain") -> dict[str, Any]:
    ended = samlocal.invoke(function, *options)
    assert ended.exit_code == 0, ended.stderr
    result: dict[str, Any] = json.loads(ended.stdout)
    return result


def start_sleeping(samlocal: Samlocal, *, seconds: int = 15) -> subprocess.Popen[bytes]:
    """Start an invocation that takes so long; its function has been called by then."""
    event = json.dumps({"sleep": seconds})
    process = samlocal.start("local", "invoke", "Plain", "--no-credentials", "--data", event)
    assert process.stderr
    assert any(line == b"invoked\n" for line in process.stderr)
    return process


def test_the_next_invocation_is_warm(samlocal: Samlocal) -> None:
    """It runs in the environment of the last one; the output differs in Init only."""
    cold, warm = samlocal.invoke("Plain"), samlocal.invoke("Plain")

    assert json.loads(cold.stdout)["invocations"] == 1
    assert json.loads(warm.stdout)["invocations"] == 2

    def shown(ended: Finished) -> list[str]:
        return [re.split(r"[: ]", line)[0] for line in ended.stderr.splitlines()]

    assert shown(cold) == ["Invoking", "init", "START", "invoked", "END", "REPORT"]
    assert shown(warm) == ["Invoking", "START", "invoked", "END", "REPORT"]
    assert "Init Duration" in cold.stderr
    assert "Init Duration" not in warm.stderr


def test_a_fresh_environment(samlocal: Samlocal) -> None:
    """Each invocation has an environment of its own, which was initialised before."""
    numbers = [invoke(samlocal, "--warm", "fresh")["invocations"] for _ in range(3)]
    assert numbers == [1, 1, 1]
    ended = samlocal.invoke("Plain", "--warm", "fresh")
    assert "Init Duration" in ended.stderr
    assert "\ninit\n" in ended.stderr


def test_what_a_function_does_is_what_the_command_says(samlocal: Samlocal) -> None:
    """Exit codes, errors and options of the output are those of any invocation."""
    raised = samlocal.invoke("Plain", "--data", '{"raise": true}')
    assert raised.exit_code == 3
    assert json.loads(raised.stdout)["errorType"] == "ValueError"
    crashed = samlocal.invoke("Plain", "--data", '{"exit": true}')
    assert crashed.exit_code == 5
    assert "Error: Runtime.ExitError" in crashed.stderr
    zero = samlocal.invoke("Plain", "--data", '{"raise": true}', "--exit-zero-on-function-error")
    assert zero.exit_code == 0
    usage = samlocal.invoke("Nowhere")
    assert usage.exit_code == 1
    assert "no function" in usage.stderr


def test_repetitions_and_reports(samlocal: Samlocal, tmp_path: Path) -> None:
    """`--repeat`, `--report`, `--log-file` and `--timestamps` have their effects."""
    log = tmp_path / "log"
    options = ("--repeat", "3", "--report", "json", "--log-file", str(log), "--timestamps")
    ended = samlocal.invoke("Plain", *options)
    assert [json.loads(each)["invocations"] for each in ended.stdout.splitlines()] == [1, 2, 3]
    assert [each["coldStart"] for each in reports(ended.stderr)] == [True, False, False]
    assert len(re.findall(r"Z invoked$", log.read_text(), re.MULTILINE)) == 3
    (report,) = reports(samlocal.invoke("Plain", "--report", "json").stderr)
    assert report["coldStart"] is False
    assert report["coldPath"]["totalMs"] > 0


def test_an_event_on_stdin(samlocal: Samlocal) -> None:
    """Standard input is the command's own."""
    ended = samlocal.invoke("Plain", "-e", "-", stdin=b'{"raise": true}')
    assert ended.exit_code == 3
    again = samlocal.invoke("Plain", "-e", "-", stdin=b"{}")
    assert json.loads(again.stdout)["invocations"] == 2


def test_changes_take_effect(samlocal: Samlocal) -> None:
    """Code, layer, template, parameters, shell, credentials, env files and options: never a stale answer."""
    directory = samlocal.directory

    def new(command: Samlocal, *options: str) -> dict[str, Any]:
        """Return the answer, which comes from a new environment."""
        answer = invoke(command, *options, function="Counts")
        assert answer["invocations"] == 1
        again = invoke(command, *options, function="Counts")
        assert again == {**answer, "invocations": 2}
        return answer

    assert new(samlocal)["code"] == "first"
    code = directory / "src" / "app.py"
    code.write_text(code.read_text().replace('CODE = "first"', 'CODE = "again"'))
    assert new(samlocal)["code"] == "again"
    (directory / "layer" / "python" / "tools.py").write_text('LAYER = "again"\n')
    assert new(samlocal)["layer"] == "again"
    template = directory / "template.yaml"
    template.write_text(template.read_text().replace("Default: dev", "Default: test"))
    assert new(samlocal)["STAGE"] == "test"
    template.write_text(template.read_text().replace("Timeout: 20", "MemorySize: 256"))
    assert new(samlocal)["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"] == "256"
    assert new(samlocal, "--parameter-overrides", "Stage=prod")["STAGE"] == "prod"
    assert new(samlocal.with_variables(FROM_SHELL="set"))["FROM_SHELL"] == "set"
    (directory / "env.json").write_text('{"Parameters": {"STAGE": "file"}}')
    assert new(samlocal, "--env-vars", "env.json")["STAGE"] == "file"
    (directory / "env.json").write_text('{"Parameters": {"STAGE": "changed"}}')
    assert new(samlocal, "--env-vars", "env.json")["STAGE"] == "changed"
    assert new(samlocal, "--env", "FROM_SHELL=option")["FROM_SHELL"] == "option"
    assert new(samlocal, "--qualifier", "3")["version"] == "3"


def test_another_image_takes_effect(samlocal: Samlocal, engine: docker.APIClient) -> None:
    """An image function whose image has the same name and other content has a new environment."""
    directory, image = samlocal.directory, f"{STAND_INS}/keep-warm:{os.getpid()}"
    (directory / "template.yaml").write_text(
        "Transform: AWS::Serverless-2016-10-31\n"
        "Resources:\n"
        "  Image:\n"
        "    Type: AWS::Serverless::Function\n"
        f"    Properties: {{PackageType: Image, ImageUri: '{image}'}}\n"
    )
    context = directory / "src"
    (context / "Dockerfile").write_text(
        f'FROM {STAND_INS}/python:3.11\nCOPY app.py /var/task/\nCMD ["app.handler"]\n'
    )

    def build() -> None:
        built = list(engine.build(path=str(context), tag=image, rm=True, decode=True))
        assert not any("error" in each for each in built), built
        facts = engine.inspect_image(image)  # type: ignore[no-untyped-call]  # so it is in docker's stubs
        images.append(facts["Id"])

    images: list[str] = []
    try:
        build()
        assert invoke(samlocal, function="Image")["code"] == "first"
        assert invoke(samlocal, function="Image")["invocations"] == 2
        code = context / "app.py"
        code.write_text(code.read_text().replace('CODE = "first"', 'CODE = "again"'))
        build()
        answer = invoke(samlocal, function="Image")
        assert (answer["code"], answer["invocations"]) == ("again", 1)
    finally:
        samlocal("warm", "stop")
        for each in images:
            engine.remove_image(each, force=True)


def test_credentials_take_effect(samlocal: Samlocal) -> None:
    """Other credentials mean another environment."""
    for key in ("AKIAONE", "AKIATWO"):
        command = samlocal.with_variables(AWS_ACCESS_KEY_ID=key, AWS_SECRET_ACCESS_KEY="secret")
        ended = command("local", "invoke", "Plain")
        assert ended.exit_code == 0, ended.stderr
        assert json.loads(ended.stdout)["AWS_ACCESS_KEY_ID"] == key
        assert json.loads(ended.stdout)["invocations"] == 1


def test_options_that_take_turns(samlocal: Samlocal) -> None:
    """Two sets of options do not end each other's environments."""
    turns = [("--env", "STAGE=one"), ("--env", "STAGE=two")] * 2
    answers = [invoke(samlocal, *options) for options in turns]
    assert [each["STAGE"] for each in answers] == ["one", "two", "one", "two"]
    assert [each["invocations"] for each in answers] == [1, 1, 2, 2]


def test_samconfig_and_zero(samlocal: Samlocal, engine: docker.APIClient) -> None:
    """Samconfig sets it, and a duration of 0 turns it off for one command."""
    config = samlocal.directory / "samconfig.toml"
    config.write_text('version = 0.1\n[default.local_invoke.parameters]\nkeep_warm = "1m"\n')
    variables = {k: v for k, v in samlocal.environment.items() if k != "SAMLOCAL_KEEP_WARM"}
    configured = Samlocal(directory=samlocal.directory, environment=variables)
    assert invoke(configured)["invocations"] == 1
    assert invoke(configured)["invocations"] == 2
    assert invoke(configured, "--keep-warm", "0")["invocations"] == 1
    wait_until(lambda: len(containers_of(engine, samlocal.directory)) == 1)
    assert invoke(configured)["invocations"] == 3


def test_it_ends_by_itself(samlocal: Samlocal, engine: docker.APIClient) -> None:
    """After the time of the last invocation nothing is left: no container, process or file."""
    invoke(samlocal, "--keep-warm", "1s")
    folder = folder_of(samlocal)
    wait_until(lambda: not processes(folder))
    assert not leftovers(engine, samlocal.directory)
    assert not [*folder.glob("samlocal/*")]


def test_ctrl_c_ends_the_invocation_only(samlocal: Samlocal, engine: docker.APIClient) -> None:
    """The environment of the invocation ends; others stay warm, and so does the service."""
    assert invoke(samlocal, "--env", "STAGE=other")["invocations"] == 1
    process = start_sleeping(samlocal)
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=PATIENCE_SECONDS)
    assert (process.returncode, out) == (130, b"")
    wait_until(lambda: len(containers_of(engine, samlocal.directory)) == 1)
    assert invoke(samlocal, "--env", "STAGE=other")["invocations"] == 2


def test_a_killed_command_ends_its_invocation(samlocal: Samlocal, engine: docker.APIClient) -> None:
    """The service notices that nobody waits."""
    process = start_sleeping(samlocal)
    process.kill()
    process.communicate(timeout=PATIENCE_SECONDS)
    assert not leftovers(engine, samlocal.directory)


@pytest.mark.parametrize("victim", ["zygote", "fleet", "both"])
def test_a_killed_service_leaves_nothing(
    samlocal: Samlocal, engine: docker.APIClient, victim: str
) -> None:
    """If one process is killed, the other ends; the next command removes what both have left."""
    invoke(samlocal)
    folder = folder_of(samlocal)
    victims = {"zygote": [zygote(folder)], "fleet": [fleet_process(samlocal, engine)]}
    victims["both"] = victims["zygote"] + victims["fleet"]
    for pid in victims[victim]:
        os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not set(victims[victim]) & set(processes(folder)))
    answer = invoke(samlocal)
    assert answer["invocations"] == 1
    wait_until(lambda: len(containers_of(engine, samlocal.directory)) == 1)


def test_a_container_that_dies_while_idle(samlocal: Samlocal, engine: docker.APIClient) -> None:
    """The next invocation gets a new environment."""
    invoke(samlocal)
    (container,) = containers_of(engine, samlocal.directory)
    engine.kill(container["Id"])
    assert invoke(samlocal)["invocations"] == 1


def test_a_lost_service_is_reported(samlocal: Samlocal, engine: docker.APIClient) -> None:
    """An invocation whose fleet is killed is an error of samlocal, with its own exit code."""
    process = start_sleeping(samlocal)
    os.kill(fleet_process(samlocal, engine), signal.SIGKILL)
    _, errors = process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == 1
    assert b"the background service ended during the invocation" in errors
    assert invoke(samlocal)["invocations"] == 1


def test_list_and_stop(samlocal: Samlocal, engine: docker.APIClient) -> None:
    """`warm list` shows what is warm, `warm stop` ends one function or everything."""
    nothing = samlocal("warm", "list")
    assert (nothing.exit_code, nothing.stdout) == (0, b"")
    assert nothing.stderr.startswith("Nothing is kept warm")
    for function in ("Plain", "Counts"):
        invoke(samlocal, function=function)
    listed = json.loads(samlocal("warm", "list", "--output", "json").stdout)
    assert {each["function"]: each["state"] for each in listed} == {
        "Plain": "idle",
        "Counts": "idle",
    }
    assert {each["project"] for each in listed} == {str(samlocal.directory / "template.yaml")}
    headings, first, second = samlocal("warm", "list").stdout.decode().splitlines()
    assert headings.split()[:2] == ["FUNCTION", "STATE"]
    assert re.search(r"  idle +1 +[12]m\d\ds ", first), first
    assert second.split()[1] == "idle"
    misspelt = samlocal("warm", "stop", "Count")
    assert misspelt.exit_code == 0
    assert misspelt.stderr == ("Warning: `Count` was not kept warm\nhint: did you mean `Counts`?\n")
    assert samlocal("warm", "stop", "Counts").stderr == "Stopped Counts\n"
    wait_until(lambda: len(containers_of(engine, samlocal.directory)) == 1)
    assert samlocal("warm", "stop").stderr == "Stopped Plain\n"
    assert not leftovers(engine, samlocal.directory)
    assert samlocal("warm", "stop").stderr == "Nothing was kept warm\n"


def test_a_stop_does_not_hold_up_others(samlocal: Samlocal) -> None:
    """While a stop waits for an invocation, another command gets new environments."""
    with start_sleeping(samlocal, seconds=5) as slow:
        with samlocal.start("warm", "stop") as stop:
            wait_until(lambda: b"Plain" not in samlocal("warm", "list").stdout)
            assert stop.poll() is None
            assert invoke(samlocal)["invocations"] == 1
            assert stop.wait(PATIENCE_SECONDS) == 0
        assert slow.wait(PATIENCE_SECONDS) == 0


def test_two_first_commands_start_one_service(samlocal: Samlocal) -> None:
    """Both wait for the same service."""
    started = [
        samlocal.start("local", "invoke", "Plain", "--no-credentials", "--env", f"STAGE={number}")
        for number in range(2)
    ]
    for process in started:
        _, errors = process.communicate(timeout=PATIENCE_SECONDS)
        assert process.returncode == 0, errors
    assert len([*folder_of(samlocal).glob("samlocal/*.sock")]) == 1


def test_a_large_output_and_a_slow_reader(samlocal: Samlocal) -> None:
    """Everything arrives, however slowly it is read."""
    event = '{"lines": 100000, "characters": 5000000}'
    process = samlocal.start("local", "invoke", "Plain", "--no-credentials", "--data", event)
    time.sleep(1)
    out, errors = process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == 0, errors[-500:]
    assert len(out) == 5_000_002
    assert errors.count(b"y" * 99 + b"\n") == 100_000


def test_functions_call_each_other(samlocal: Samlocal) -> None:
    """A function finds its neighbours, which stay warm too, and whose output the command shows."""
    ended = samlocal.invoke("Calls")
    assert ended.exit_code == 0, ended.stderr
    assert json.loads(ended.stdout)["invocations"] == 1
    assert "[Plain] invoked\n" in ended.stderr
    assert invoke(samlocal, function="Calls")["invocations"] == 2
    listed = json.loads(samlocal("warm", "list", "--output", "json").stdout)
    assert sorted(each["function"] for each in listed) == ["Calls", "Plain"]
    code = samlocal.directory / "src" / "app.py"
    code.write_text(code.read_text().replace('CODE = "first"', 'CODE = "again"'))
    assert invoke(samlocal, function="Calls")["code"] == "again"
    assert samlocal.invoke("Calls", "--no-lambda-endpoint").stdout == b"null"


def test_an_endpoint_that_runs_is_used(samlocal: Samlocal) -> None:
    """Calls go to `start-lambda`, if it serves the project."""
    with serving(samlocal):
        ended = samlocal.invoke("Calls")
        assert json.loads(ended.stdout)["invocations"] == 1
        assert "[Plain]" not in ended.stderr


def test_the_debugger_stays_attached(samlocal: Samlocal) -> None:
    """The next invocation stops at the same breakpoint, in the same process; its port may be in use by that."""
    port = free_port()
    source = samlocal.directory / "src" / "app.py"
    lines = source.read_text().splitlines()
    line = next(number for number, text in enumerate(lines, 1) if "invocations += 1" in text)
    arguments = ("local", "invoke", "Plain", "--no-credentials", "-d", str(port))
    first = samlocal.start(*arguments)
    assert first.stderr
    assert any(text.startswith(b"Waiting for a debugger: ") for text in first.stderr)
    with DapClient(port) as client:
        client.attach(code=source.parent, breakpoint_at=(source, line))
        client.stopped()
        client.go_on()
        out, errors = first.communicate(timeout=PATIENCE_SECONDS)
        assert json.loads(out)["invocations"] == 1, errors
        second = samlocal.start(*arguments, "--warm", "fresh")
        client.stopped()
        client.go_on()
        out, errors = second.communicate(timeout=PATIENCE_SECONDS)
        assert json.loads(out)["invocations"] == 2, errors
        assert b"Waiting for a debugger" not in errors
        client.disconnect()


def test_an_engine_that_ends(
    samlocal: Samlocal, built_image: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The service ends with its engine, and a later command finds the engine again."""
    if not own_engine.can_run():
        missing("an engine of the tests' own needs root, dockerd, ip and iptables")
    folder = folder_of(samlocal)
    with own_engine.serve(tmp_path_factory.mktemp("engine")) as engine:
        engine.load(built_image("python:3.11"))
        there = samlocal.with_variables(DOCKER_HOST=engine.address)
        assert invoke(there)["invocations"] == 1
        engine.kill()
        wait_until(lambda: not processes(folder))
        ended = there.invoke("Plain")
        assert ended.exit_code == 1
        assert "no container engine answers" in ended.stderr
        engine.start()
        assert invoke(there)["invocations"] == 1
        there("warm", "stop")
        assert not that_stay(engine.containers)
