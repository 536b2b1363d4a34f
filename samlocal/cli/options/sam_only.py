"""Options of `sam local` that samlocal accepts but does not support yet."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar, Final

import typer

from samlocal.cli.options import NO_EFFECT, PROJECT
from samlocal.errors import TemplateNotFoundError, UsageError
from samlocal.frozen_dataclass import frozen

if TYPE_CHECKING:
    from samlocal.cli.options.project import ProjectOptions
    from samlocal.diagnostics import Diagnostic


_TERRAFORM: Final = "terraform"
# The template that sam prepares from a Terraform project.
_PREPARED: Final = Path(".aws-sam-iacs/iacs_metadata/template.json")


@frozen
class TerraformOptions:
    """Options about Terraform; `project` and `diagnostics` have their effect."""

    heading: ClassVar = NO_EFFECT

    hook_name: Annotated[
        str | None,
        typer.Option(
            "--hook-name",
            metavar="terraform",
            rich_help_panel=PROJECT,
            help="Read the project from Terraform, as `sam build --hook-name terraform` prepared it.",
            show_default=False,
        ),
    ] = None
    skip_prepare_infra: Annotated[
        bool,
        typer.Option(
            "--skip-prepare-infra/--prepare-infra",
            rich_help_panel=PROJECT,
            help="With --hook-name: use what an earlier run of sam prepared in .aws-sam-iacs.",
            show_default=False,
        ),
    ] = False
    terraform_plan_file: Annotated[
        str | None,
        typer.Option(
            "--terraform-plan-file",
            metavar="FILE",
            help="With --hook-name: a Terraform plan. Not supported yet.",
            show_default=False,
        ),
    ] = None

    def project(self, chosen: ProjectOptions) -> ProjectOptions:
        """Return the project's options, with the template that sam prepared from Terraform.

        Raises:
            UsageError: An option needs another one.
            TemplateNotFoundError: sam has prepared nothing.
        """
        if self.hook_name is None:
            self._refuse_without_hook()
            return chosen
        if self.hook_name != _TERRAFORM:
            raise UsageError(f"no hook `{self.hook_name}`", hint=f"the only hook is `{_TERRAFORM}`")
        if chosen.template:
            raise UsageError(
                "`--hook-name` and `--template` cannot be used together", hint="keep one of them"
            )
        from samlocal.project.discovery import BUILT

        if BUILT.is_file():
            return chosen
        if self.skip_prepare_infra and _PREPARED.is_file():
            return replace(chosen, template=_PREPARED)
        raise TemplateNotFoundError(
            "samlocal cannot prepare a Terraform project yet",
            hint=f"run `sam build --hook-name {_TERRAFORM}` first; samlocal runs what it builds",
        )

    def _refuse_without_hook(self) -> None:
        for option, value in (
            ("--skip-prepare-infra", self.skip_prepare_infra),
            ("--terraform-plan-file", self.terraform_plan_file),
        ):
            if value:
                raise UsageError(
                    f"`{option}` needs `--hook-name`", hint=f"add `--hook-name {_TERRAFORM}`"
                )

    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """Return a diagnostic for each option without effect."""
        if self.terraform_plan_file is None:
            return ()
        instead = "samlocal cannot prepare a Terraform project yet"
        return (_no_effect("--terraform-plan-file", instead),)


@frozen
class SamOptions(TerraformOptions):
    """The options of `local invoke`."""

    durable_execution_name: Annotated[
        str | None,
        typer.Option(
            "--durable-execution-name",
            metavar="NAME",
            help="Name of the execution of a durable function. Not emulated yet.",
            show_default=False,
        ),
    ] = None

    def diagnostics(self) -> tuple[Diagnostic, ...]:
        diagnostics = TerraformOptions.diagnostics(self)
        if self.durable_execution_name is None:
            return diagnostics
        instead = "durable executions are not emulated yet"
        return (*diagnostics, _no_effect("--durable-execution-name", instead))


def _no_effect(option: str, reason: str) -> Diagnostic:
    from samlocal.diagnostics import Diagnostic

    return Diagnostic(message=f"`{option}` has no effect: {reason}")
