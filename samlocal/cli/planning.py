"""From what the options name to the sandbox that the function is to run in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from samlocal.function import ImageCode

if TYPE_CHECKING:
    from samlocal.cli.inputs import Inputs
    from samlocal.cli.options.code import CodeOptions
    from samlocal.diagnostics import Diagnostic
    from samlocal.sandbox.container_spec import ContainerSpec
    from samlocal.sandbox.plan import SandboxSettings


def plan(
    inputs: Inputs, code_options: CodeOptions, settings: SandboxSettings
) -> tuple[ContainerSpec, tuple[Diagnostic, ...]]:
    """Return the function's sandbox, whose code and layers are at hand, and what there is to say.

    Raises:
        SamlocalError: Something that the sandbox needs can't be had.
    """
    code = inputs.function.code
    if isinstance(code, ImageCode):
        return _plan_image_function(inputs, code, settings)
    from samlocal.cli.content import read_content
    from samlocal.sandbox.limit_diagnostics import box_diagnostics
    from samlocal.sandbox.plan import plan_sandbox

    found = read_content(code_options, inputs, profile=settings.profile)
    spec = plan_sandbox(
        inputs.function,
        inputs.environment.as_dict(),
        project=inputs.project,
        code=found.code,
        layers=found.layers,
        links=found.links,
        settings=settings,
    )
    return spec, (*found.diagnostics, *box_diagnostics(inputs.function, settings, found.code))


def _plan_image_function(
    inputs: Inputs, code: ImageCode, settings: SandboxSettings
) -> tuple[ContainerSpec, tuple[Diagnostic, ...]]:
    from samlocal.sandbox.file_systems import file_system_diagnostics
    from samlocal.sandbox.image_functions import ignored_layers, plan_image_function

    function = inputs.function
    spec = plan_image_function(
        function, code, inputs.environment.as_dict(), project=inputs.project, settings=settings
    )
    diagnostics = file_system_diagnostics(function, settings.file_systems)
    return spec, (*ignored_layers(function), *diagnostics)
