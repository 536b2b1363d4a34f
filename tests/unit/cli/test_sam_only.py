"""sam's whole command line is known: what works, and what says that it is still to come."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.docker.command import Finished, Samlocal
    from tests.unit.cli.conftest import InProject

TEMPLATE = "Resources: {%s: {Type: AWS::Lambda::Function, Properties: {Runtime: python3.11}}}"


@pytest.fixture
def samlocal(project: InProject) -> Samlocal:
    """Run the command in a project with a valid function."""
    return project("broken-inputs")


def show(samlocal: Samlocal, *options: str) -> Finished:
    return samlocal("local", "invoke", "--print-env", "--no-credentials", *options)


@pytest.mark.parametrize(
    ("options", "warning"),
    [
        ("--beta-features --language-extensions", ""),
        ("--no-beta-features", ""),
        (
            "--no-language-extensions",
            "`--no-language-extensions` has no effect: language extensions are always",
        ),
        ("--tenant-id blue", ""),
        (
            "--durable-execution-name order-1",
            "`--durable-execution-name` has no effect: durable executions are not emulated yet",
        ),
    ],
)
def test_options_of_sam_are_accepted(samlocal: Samlocal, options: str, warning: str) -> None:
    """Options of sam without effect are accepted, with a diagnostic."""
    ended = show(samlocal, *options.split())
    assert ended.exit_code == 0
    assert b"STAGE" in ended.stdout
    assert ended.stderr.startswith(f"Warning: {warning}" if warning else "")
    assert bool(ended.stderr) == bool(warning)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("--hook-name pulumi", "no hook `pulumi`"),
        (
            "--hook-name terraform -t a.yaml",
            "`--hook-name` and `--template` cannot be used together",
        ),
        ("--skip-prepare-infra", "`--skip-prepare-infra` needs `--hook-name`"),
        ("--terraform-plan-file a.json", "`--terraform-plan-file` needs `--hook-name`"),
        ("--tenant-id a,b", "`a,b` is not a tenant ID"),
    ],
)
def test_usage_errors_of_sam(samlocal: Samlocal, options: str, message: str) -> None:
    """Usage errors of sam are usage errors here."""
    ended = show(samlocal, *options.split())
    assert (ended.exit_code, ended.stdout) == (2, b"")
    assert ended.stderr.startswith(f"Error: {message}")


@pytest.mark.parametrize(
    ("prepared", "options", "function"),
    [
        (".aws-sam/build/template.yaml", "--hook-name terraform", "Built"),
        (
            ".aws-sam-iacs/iacs_metadata/template.json",
            "--hook-name terraform --skip-prepare-infra",
            "Prepared",
        ),
        (".aws-sam-iacs/iacs_metadata/template.json", "--hook-name terraform", None),
        (
            ".aws-sam/build/template.yaml",
            "--hook-name terraform --terraform-plan-file plan.json",
            "Built",
        ),
    ],
)
def test_a_prepared_terraform_project_runs(
    samlocal: Samlocal, tmp_path: Path, prepared: str, options: str, function: str | None
) -> None:
    """A built or prepared Terraform project runs; any other is an error."""
    (tmp_path / prepared).parent.mkdir(parents=True)
    (tmp_path / prepared).write_text(TEMPLATE % function)
    ended = show(replace(samlocal, directory=tmp_path), *options.split())
    if function is None:
        assert ended.exit_code == 1
        assert (
            "samlocal cannot prepare a Terraform project yet\nhint: run `sam build" in ended.stderr
        )
    else:
        assert function.encode() in ended.stdout
        assert ("`--terraform-plan-file` has no effect" in ended.stderr) == ("plan" in options)


def test_a_template_on_the_command_line_overrides_a_hook(
    samlocal: Samlocal, tmp_path: Path
) -> None:
    """`--template` overrides `hook_name` in samconfig."""
    (tmp_path / "a.yaml").write_text(TEMPLATE % "Mine")
    parameters = '[default.global.parameters]\nhook_name = "terraform"\nskip_prepare_infra = true\n'
    (tmp_path / "samconfig.toml").write_text(parameters)
    ended = show(replace(samlocal, directory=tmp_path), "-t", "a.yaml")
    assert b"Mine" in ended.stdout


def test_a_leading_debug_is_the_commands_own(samlocal: Samlocal) -> None:
    """`--debug` before the command is the same as behind it."""
    ended = samlocal("--debug", "--beta-features", "local", "invoke", "-e", "missing.json")
    assert ended.exit_code == 1
    assert "Traceback" in ended.stderr
