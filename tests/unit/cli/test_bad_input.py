"""Everything that `local invoke` refuses before it needs an engine, message by message."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from tests.unit.cli.golden import GOLDENS, check_golden

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.cli.conftest import InProject


@dataclass(frozen=True, kw_only=True)
class Case:
    """A command line in the directory of a project, and its expected exit code."""

    project: str
    arguments: str
    stdin: bytes = b""
    exit_code: int = 1


def functions(arguments: str, exit_code: int = 1) -> Case:
    arguments = f"--no-credentials {arguments}"
    return Case(project="broken-functions", arguments=arguments, exit_code=exit_code)


def inputs(arguments: str, exit_code: int = 1, stdin: bytes = b"") -> Case:
    arguments = f"--no-credentials {arguments}"
    return Case(project="broken-inputs", arguments=arguments, exit_code=exit_code, stdin=stdin)


def layers(arguments: str) -> Case:
    return Case(project="broken-layers", arguments=f"--no-credentials {arguments}")


def fragment(arguments: str) -> Case:
    return Case(project="sam-fragment", arguments=f"--no-credentials {arguments}")


def unbuilt(function: str) -> Case:
    return Case(project="unbuilt", arguments=f"--no-credentials {function}")


CASES = {
    "template-missing": Case(project="broken-nothing", arguments="Ratings"),
    "template-named-missing": inputs("-t app.yaml"),
    "template-malformed-yaml": Case(project="broken-yaml", arguments="Ratings"),
    "template-malformed-json": Case(project="broken-json", arguments="Ratings"),
    "template-without-functions": Case(project="broken-no-functions", arguments=""),
    "template-without-that-function": Case(project="broken-no-functions", arguments="Table"),
    "parameters-missing": fragment("Payments"),
    "parameters-missing-of-variables": fragment("Ratings --env STAGE=test --env STORE=local"),
    "function-not-named": functions(""),
    "function-misspelt": functions("Nohandler"),
    "function-unknown": functions("Payments"),
    "function-timeout": functions("TimeoutTooLong"),
    "runtime-unknown": functions("UnknownRuntime"),
    "runtime-misspelt": functions("MisspeltRuntime"),
    "runtime-retired": functions("RetiredRuntime"),
    "runtime-retired-go": functions("RetiredGo"),
    "runtime-past-support": functions("PastSupport --no-event"),
    "runtime-missing": functions("NoRuntime"),
    "handler-missing": functions("NoHandler"),
    "code-missing": functions("NoCode"),
    "code-of-no-kind": functions("CodeOfNoKind"),
    "bootstrap-missing": functions("NoBootstrap"),
    "bootstrap-not-executable": functions("NotExecutable"),
    "unbuilt-typescript": unbuilt("Plain"),
    "unbuilt-typescript-of-esbuild": unbuilt("Bundled"),
    "unbuilt-typescript-elsewhere": unbuilt("Elsewhere"),
    "unbuilt-java": unbuilt("Java"),
    "unbuilt-dotnet": unbuilt("DotNet"),
    "unbuilt-go": unbuilt("Go"),
    "unbuilt-makefile": unbuilt("Makefile"),
    "unbuilt-makefile-of-sam": unbuilt("MakefileOfSam"),
    "code-corrupt": layers("CorruptCode"),
    "layer-missing": layers("NoLayer"),
    "layer-corrupt": layers("CorruptLayer"),
    "layer-arn-malformed": layers("MalformedArn"),
    "mount-unknown": Case(
        project="broken-layers", arguments="CorruptCode --mount rsync", exit_code=2
    ),
    "layer-of-no-kind": layers("LayerOfNoKind"),
    "parameter-malformed": functions("Staged --parameter-overrides =prod", exit_code=2),
    "parameter-not-allowed": functions("Staged --parameter-overrides Stage=test"),
    "parameters-file-missing": functions("Staged --parameter-overrides file://stage.yaml"),
    "event-missing": inputs("-e evnt.json"),
    "event-directory": inputs("-e code"),
    "event-empty": inputs("-e empty.json"),
    "event-malformed": inputs("-e comma.json"),
    "event-malformed-yaml": inputs("-e broken.yaml"),
    "event-not-utf8": inputs("-e latin1.json"),
    "event-malformed-stdin": inputs("-e -", stdin=b'{"message": hey}\n'),
    "event-empty-stdin": inputs("-e -"),
    "event-too-large": inputs("-e -", stdin=b'"%s"' % (b"x" * 6 * 1024 * 1024)),
    "data-malformed": inputs('--data {"message":hey}'),
    "path-missing": inputs("-p lib/data.json"),
    "event-and-data": inputs("-e event.json --data {}", exit_code=2),
    "event-and-path": inputs("-e event.json --path event.json", exit_code=2),
    "stdin-twice": inputs("-e - -n - -x -", exit_code=2),
    "env-file-missing": inputs("-n env.json"),
    "env-file-malformed": inputs("-n comma.json"),
    "env-file-of-another-shape": inputs("-n env-array.json"),
    "env-file-with-a-list": inputs("-n env-list.json"),
    "env-file-malformed-dotenv": inputs("-n broken.env"),
    "env-malformed": inputs("--env STAGE", exit_code=2),
    "env-reserved": inputs("--env _HANDLER=app.main", exit_code=2),
    "context-missing": inputs("-x context.json"),
    "context-directory": inputs("-x code"),
    "context-malformed": inputs("-x comma.json"),
    "context-unknown-member": inputs("-x context-unknown.json"),
    "context-wrong-value": inputs("-x context-wrong.json"),
    "context-malformed-option": inputs('-c {"custom":}', exit_code=2),
    "qualifier-unknown": inputs("--qualifier life"),
    "qualifier-twice": inputs("Ratings:live --qualifier 1", exit_code=2),
    "qualifier-in-identifier-unknown": inputs("Ratings:life"),
    "arn-of-another-service": inputs("arn:aws:sns:eu-west-1:123456789012:Ratings"),
    "tenant-malformed": inputs("--tenant-id a,b", exit_code=2),
    "tenant-without-isolation": inputs("--tenant-id blue", exit_code=2),
    "tenant-missing": inputs("-t tenants.yaml", exit_code=2),
    "trace-malformed": inputs("--trace-id 1-2", exit_code=2),
    "trace-twice": inputs(
        '--trace-id 1-5759e988-bd862e3fe1be46a994272793 -c {"traceId":"a"}', exit_code=2
    ),
    "region-malformed": inputs("--region eu_west", exit_code=2),
    "report-unknown": inputs("--report xml", exit_code=2),
    "report-on-stdout": inputs("--report json=-", exit_code=2),
    "report-unwritable": inputs("--report json=nowhere/reports.jsonl", exit_code=2),
    "otlp-malformed": inputs("--otlp localhost:4317", exit_code=2),
    "repeat-none": inputs("--repeat 0", exit_code=2),
    "repeat-malformed": inputs("--repeat it's", exit_code=2),
    "resolve-file-missing": inputs("--resolve-file values.yaml"),
    "log-file-unwritable": inputs("-l nowhere/function.log", exit_code=2),
    "host-malformed": inputs("--add-host db.local", exit_code=2),
    "dns-malformed": inputs("--container-dns dns.local", exit_code=2),
    "file-system-malformed": inputs("--file-system /data=code", exit_code=2),
    "file-system-missing": inputs("--file-system /mnt/data=data", exit_code=2),
    "interface-malformed": inputs("--container-host-interface eth0", exit_code=2),
    "ca-bundle-missing": inputs("--ca-bundle ca.pem", exit_code=2),
    "ca-bundle-without-certificate": inputs("--ca-bundle event.json", exit_code=2),
    "docker-arg-misspelt": inputs("--docker-arg priviledged=true", exit_code=2),
    "docker-arg-of-samlocals-own": inputs("--docker-arg labels=[]", exit_code=2),
    "docker-arg-of-another-type": inputs("--docker-arg ulimits=1024", exit_code=2),
    "option-unknown": inputs("--evnt event.json", exit_code=2),
    "option-without-value": inputs("-e", exit_code=2),
    "debug-port-malformed": inputs("-d 70000", exit_code=2),
    "debug-args-malformed": inputs("-d 5858 --debug-args 'open", exit_code=2),
    "debug-function-unknown": inputs("-d 5858 --debug-function Raitings"),
    "debugger-path-missing": inputs("-d 5858 --debugger-path nowhere", exit_code=2),
    "debugger-missing": functions("Custom -d 5858"),
    "debugger-not-in-path": functions("Custom -d 5858 --debugger-path code"),
    "debugger-not-executable": functions("Custom -d 5858 --debugger-path debuggers"),
    "container-env-vars-missing": inputs("--container-env-vars env.json"),
    "container-env-vars-nested": inputs("--container-env-vars env-list.json"),
    "output-unknown": inputs("--print-env --output xml", exit_code=2),
    "second-identifier": inputs("Ratings Reports", exit_code=2),
    "invoke-image-empty": inputs("--invoke-image Ratings=", exit_code=2),
    "invoke-image-for-no-function": inputs("-ii Ratngs=shop:1"),
    "pull-and-skip-pull": inputs("--pull always --skip-pull-image", exit_code=2),
    "build-unknown": inputs("--build sometimes", exit_code=2),
    "runtime-option-misspelt": inputs("-r python3.31"),
    "image-not-named": functions("ImageOfNoName"),
    "image-with-runtime": functions("ImageOfNoName -r python3.11", exit_code=2),
    "not-emulated": Case(
        project="unsupported", arguments="Everything --no-credentials --no-event -t template.yaml"
    ),
    "web-function": Case(project="unsupported", arguments="Site"),
    "engine-missing": inputs("--no-event"),
}


@pytest.mark.parametrize("name", CASES)
def test_bad_input_is_one_message(project: InProject, name: str) -> None:
    """Each bad input has its exit code and a message with place, problem and hint; nothing runs."""
    case = CASES[name]
    samlocal = project(case.project)

    ended = samlocal("local", "invoke", *case.arguments.split(), stdin=case.stdin)

    assert (ended.exit_code, ended.stdout) == (case.exit_code, b"")
    check_golden(name, ended.stderr.replace(str(samlocal.directory), "/project"))


def test_unknown_profile(project: InProject) -> None:
    """An unknown `--profile` is an error, unlike missing credentials."""
    samlocal = project("broken-inputs", AWS_CONFIG_FILE="aws/config")

    ended = samlocal("local", "invoke", "--profile", "developement", "--no-event")

    assert (ended.exit_code, ended.stdout) == (2, b"")
    check_golden("profile-unknown", ended.stderr)


TESTS = GOLDENS.parent
ERRORS = [path for path in sorted(GOLDENS.glob("*.txt")) if not path.name.startswith("help")]

# Lambda's own messages are kept as they are.
LAMBDAS_OWN = re.compile(r"Request must be smaller|Function not found|Lambda was unable")
ERROR = re.compile(r"Error: (?:\S+:\d+:\d+: )?(?P<message>.+)")


@pytest.mark.parametrize("golden", ERRORS, ids=lambda path: path.stem)
def test_messages_are_alike(golden: Path) -> None:
    """A message starts in lower case, ends without a period, and only its hint follows."""
    text = golden.read_text(encoding="utf-8")
    message = [found["message"] for line in text.splitlines() if (found := ERROR.match(line))]
    assert len(message) == 1
    assert "Traceback" not in text
    assert LAMBDAS_OWN.match(message[0]) or not message[0][0].isupper()
    assert not message[0].endswith(".")


def test_every_golden_is_used() -> None:
    """Every golden file belongs to a test of this folder, which names it."""
    tests = "".join(path.read_text(encoding="utf-8") for path in TESTS.glob("test_*.py"))

    assert [golden.name for golden in ERRORS if f'"{golden.stem}"' not in tests] == []
