"""The options of a project that is served, as plain data."""

from __future__ import annotations

from samlocal.frozen_dataclass import frozen
from samlocal.preparation.options import CodeOptions, FunctionOptions, ProjectOptions
from samlocal.sandbox.plan import SandboxSettings


@frozen
class ServingOptions:
    """Options about a project, and those that apply to each of its functions.

    `functions` are identifiers of the only functions that are served; empty means all. The qualifier and the
    version of `function` are not used: each invocation has its own.

    Changes of files that match a pattern in `ignore` have no effect; the patterns are those of `.gitignore`,
    relative to each directory of code. With `respects_gitignore`, the project's own `.gitignore` files count, too.
    """

    project: ProjectOptions = ProjectOptions()
    function: FunctionOptions = FunctionOptions()
    code: CodeOptions = CodeOptions()
    sandbox: SandboxSettings = SandboxSettings()
    functions: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    respects_gitignore: bool = True
