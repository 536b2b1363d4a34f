from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from samlocal.cli.print_env import environment_as_json, environment_as_text
from samlocal.diagnostics import Diagnostic
from samlocal.env_vars.environment import Environment, Origin, ResolvedVariable
from samlocal.errors import Place

if TYPE_CHECKING:
    from tests.unit.cli.conftest import InProject

BASE = Path("/home/me/shop")
TEMPLATE = Origin(source="template", label="template", place=Place(BASE / "template.yaml", 14, 9))
SECTION = Origin(source="section", label="env.json", place=Place(Path("env.json"), 7, 5))
OUTSIDE = Origin(source="parameters", label="x", place=Place(Path("/etc/x.env"), 1, 1))
SHELL = Origin(source="shell", label="shell")
LAMBDA = Origin(source="lambda", label="Lambda")
PROFILE = Origin(source="credentials", label="profile dev")

ENVIRONMENT = Environment(
    variables={
        "AWS_REGION": ResolvedVariable(value="eu-central-1", origin=LAMBDA),
        "AWS_SECRET_ACCESS_KEY": ResolvedVariable(value="hunter2", origin=PROFILE, secret=True),
        "TABLE_NAME": ResolvedVariable(
            value="localtable", origin=SECTION, overridden=(TEMPLATE, SHELL)
        ),
        "STAGE": ResolvedVariable(value="dev", origin=TEMPLATE),
        "DB_PASSWORD": ResolvedVariable(value="hunter2", origin=OUTSIDE, secret=True),
        "EMPTY": ResolvedVariable(value="", origin=SHELL),
        "LINES": ResolvedVariable(value="é\n\x1b[31m", origin=SHELL),
        "BLANK": ResolvedVariable(value=" é", origin=SHELL),
        "LONG": ResolvedVariable(value="x" * 60, origin=SHELL),
    },
    diagnostics=(
        Diagnostic(message="`STAGE` comes from afar", place=TEMPLATE.place, hint="move it"),
        Diagnostic(message="no place"),
    ),
)

TEXT = r"""BLANK                  " é"                  shell
DB_PASSWORD            ********              /etc/x.env:1:1
EMPTY                  ""                    shell
LINES                  "\u00e9\n\u001b[31m"  shell
LONG                   xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx  shell
STAGE                  dev                   template.yaml:14:9
TABLE_NAME             localtable            env.json:7:5 (overrides template.yaml:14:9, shell)

AWS_REGION             eu-central-1          Lambda
AWS_SECRET_ACCESS_KEY  ********              profile dev
"""


def test_the_table() -> None:
    """The table has columns for name, value and origin, with the function's own variables first."""
    assert environment_as_text(ENVIRONMENT, base=BASE) == TEXT


def test_only_lambdas_variables() -> None:
    """A function without its own variables has one group in the table."""
    environment = Environment(variables={"TZ": ResolvedVariable(value=":UTC", origin=LAMBDA)})
    assert environment_as_text(environment, base=BASE) == "TZ  :UTC  Lambda\n"


def test_the_document() -> None:
    """JSON has each variable by name with value and origins, and the diagnostics."""
    document = json.loads(environment_as_json(ENVIRONMENT, function="Ratings", base=BASE))
    assert document["function"] == "Ratings"
    assert list(document["variables"]) == sorted(ENVIRONMENT.variables)
    assert document["variables"]["TABLE_NAME"] == {
        "value": "localtable",
        "masked": False,
        "source": "section",
        "origin": "env.json:7:5",
        "overrides": ["template.yaml:14:9", "shell"],
    }
    assert document["variables"]["LINES"]["value"] == "é\n\x1b[31m"
    assert document["diagnostics"] == [
        {"message": "`STAGE` comes from afar", "place": "template.yaml:14:9", "hint": "move it"},
        {"message": "no place", "place": None, "hint": None},
    ]


def test_secrets_are_masked_everywhere() -> None:
    """Both formats mask secrets; JSON marks the masked values."""
    document = environment_as_json(ENVIRONMENT, function="Ratings", base=BASE)
    assert "hunter2" not in environment_as_text(ENVIRONMENT, base=BASE) + document
    variables = json.loads(document)["variables"]
    assert {name for name, variable in variables.items() if variable["masked"]} == {
        "DB_PASSWORD",
        "AWS_SECRET_ACCESS_KEY",
    }
    assert variables["DB_PASSWORD"]["value"] == "********"


def test_variables_that_name_the_ca_bundle(project: InProject, tmp_path: Path) -> None:
    """Variables for the CA bundle have the option as their origin."""
    (tmp_path / "ca.pem").write_text("-----BEGIN CERTIFICATE-----\n")
    arguments = ("--print-env", "--ca-bundle", str(tmp_path / "ca.pem"), "--no-credentials")
    ended = project("sam-hello-world")("local", "invoke", *arguments)
    (line,) = (row for row in ended.stdout.decode().splitlines() if row.startswith("AWS_CA_BUNDLE"))
    assert line.split() == ["AWS_CA_BUNDLE", "/etc/samlocal/ca-bundle.pem", "--ca-bundle"]


def test_origins_behind_a_templates_value(project: InProject) -> None:
    """The origin names the parameter overrides and AWS values behind a template's value."""
    arguments = ("--resolve-file", "values.yaml", "--parameter-overrides", "Endpoint=https://mine")
    ended = project("sam-ssm")("local", "invoke", "--print-env", "--no-credentials", *arguments)
    rows = {row.split()[0]: row for row in ended.stdout.decode().splitlines() if row}
    assert rows["ENDPOINT"].split("  ")[-1].strip() == (
        "template.yaml:17:21 via --parameter-overrides Endpoint"
    )
    assert rows["LIMIT"].endswith(
        "template.yaml:20:18 via the SSM parameter `/payments/limit` (--resolve-file)"
    )
    assert rows["PARAMETER"].endswith("template.yaml:19:22")
