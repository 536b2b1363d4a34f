"""Projects of SAM, CloudFormation and the CDK: the functions of a template or of a CDK app."""

from __future__ import annotations

from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Final

from samlocal.aws_account import DEFAULT_REGION, Account
from samlocal.cloudformation.functions.index import read_entries
from samlocal.cloudformation.functions.lambda_functions import read_function
from samlocal.cloudformation.functions.layer_resources import local_layers
from samlocal.cloudformation.functions.unsupported_properties import web_functions
from samlocal.cloudformation.intrinsics.dynamic_references import ExternalValues
from samlocal.cloudformation.intrinsics.pseudo_parameters import StackContext
from samlocal.cloudformation.stack.exports import ProjectExports
from samlocal.cloudformation.stack.nested_stacks import NestedStackLoader
from samlocal.cloudformation.stack.stack import Stack
from samlocal.cloudformation.stack.template_diagnostics import duplicate_keys, macros
from samlocal.diagnostics import Diagnostic, parameters_hint
from samlocal.documents.document import load
from samlocal.errors import FunctionNotFoundError
from samlocal.path_kinds import is_directory
from samlocal.project import lookup
from samlocal.project.discovery import ASSEMBLY_MANIFEST, build_diagnostic, find_template, is_built
from samlocal.suggestions import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from samlocal.cloudformation.cdk_assembly import AssemblyStack
    from samlocal.cloudformation.intrinsics.dynamic_references import ValueSource
    from samlocal.cloudformation.stack.unread_stack import UnreadStack
    from samlocal.errors import ProjectError
    from samlocal.function import Function, FunctionEntry
    from samlocal.project.apis import Apis
    from samlocal.project.web_functions import WebFunctions

_EXPLAINED: Final = 3  # unread stacks in one hint


def open_project(
    template: Path | None = None,
    *,
    parameter_overrides: Mapping[str, str] | None = None,
    region: str | None = None,
    account: Account | None = None,
    given_values: ValueSource | None = None,
    remote_values: ValueSource | None = None,
    directory: Path | None = None,
) -> CloudFormationProject:
    """Read a template, without resolving anything yet.

    `template` may be a directory that `cdk synth` wrote. Without it, the template is searched for in
    `directory`, by default the current one: see `project.discovery.find_template`. Values stored in
    AWS are taken from `given_values`, then from what the project's own stacks export, then from
    `remote_values`. The account of a CDK app takes precedence over that of the credentials.

    Raises:
        TemplateNotFoundError: there is no template.
        TemplateError: the template is not YAML or JSON.
    """
    here = directory or Path.cwd()
    path = (find_template(here) if template is None else template).absolute()
    if is_directory(path) and not (path / ASSEMBLY_MANIFEST).is_file():
        path = find_template(path)
    overrides = parameter_overrides or {}
    account = account or Account()
    external = ExternalValues(given=given_values, remote=remote_values)

    def open_stack(file: Path, context: StackContext, name: str = "") -> Stack:
        return Stack(
            load(file),
            given=overrides.get,
            context=context,
            external=external,
            boundary=_boundary(path if is_directory(path) else path.parent, here),
            path=name,
        )

    if is_directory(path):
        from samlocal.cloudformation.cdk_assembly import read_assembly  # noqa: PLC0415  # most projects are SAM's

        every = tuple(
            open_stack(found.template, _assembly_context(found, region, account), found.name)
            for found in read_assembly(path)
        )
        # The CDK deploys no stack that has no resources; its templates have no such section.
        stacks = tuple(each for each in every if each.document.root.get("Resources")) or every
    else:
        context = StackContext(region=region or DEFAULT_REGION, account=account.known)
        stacks = (open_stack(path, context),)
    external.local = ProjectExports(lambda: chain.from_iterable(map(_descend, stacks)))
    return CloudFormationProject(path, stacks, overrides, account)


def _assembly_context(stack: AssemblyStack, region: str | None, account: Account) -> StackContext:
    return StackContext(
        region=region or stack.region or DEFAULT_REGION,
        account=account.given or stack.account or account.of_credentials,
        stack_name=stack.name,
    )


def _boundary(directory: Path, here: Path) -> Path:
    """Return the directory that has all files of a project: its repository, or the working directory."""
    directory, here = directory.resolve(), here.resolve()
    for candidate in (directory, *directory.parents):
        if (candidate / ".git").exists():
            return candidate
    return here if directory.is_relative_to(here) else directory


class CloudFormationProject:
    """The functions of one template, or of the stacks of one CDK app."""

    def __init__(
        self,
        path: Path,
        stacks: tuple[Stack, ...],
        overrides: Mapping[str, str],
        account: Account | None = None,
    ) -> None:
        self.path = path
        self.account = account or Account()
        self.stage: str | None = None
        self.region: str | None = None  # the options decide it, or the CDK for each stack
        self.profile: str | None = None
        self.failures: tuple[ProjectError, ...] = ()  # what no function needs is not resolved
        self._roots = stacks
        self._overrides = overrides

    @cached_property
    def stacks(self) -> tuple[Stack, ...]:
        """Every stack, each before those that are nested in it."""
        loader = NestedStackLoader()
        for root in self._roots:
            loader.open(root)
        return tuple(stack for root in self._roots for stack in _descend(root))

    @cached_property
    def templates(self) -> tuple[Path, ...]:
        """The templates of all stacks, without duplicates."""
        return tuple(dict.fromkeys(stack.document.path for stack in self.stacks))

    @cached_property
    def unread(self) -> tuple[UnreadStack, ...]:
        """Every nested stack that is not read."""
        return tuple(each for stack in self.stacks for each in stack.unread.values())

    @cached_property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """What was dropped or guessed, or may surprise, for any function."""
        return self._diagnostics(self.stacks)

    def diagnostics_for(self, entry: FunctionEntry) -> tuple[Diagnostic, ...]:
        """Return the diagnostics of the stacks that concern one function, which must be resolved.

        These are the function's stack, the stacks that contain it, and stacks whose outputs it uses.
        """
        _, own = self._stack_by_path[entry.full_path]
        around = [own]
        while (parent := around[-1].parent) is not None:
            around.append(parent[0])
        return self._diagnostics([each for each in self.stacks if each in around or each.is_used])

    def _diagnostics(self, stacks: Sequence[Stack]) -> tuple[Diagnostic, ...]:
        build = [build_diagnostic(self.path)] if is_built(self.path) else []
        said = (
            *build,
            *([self.account.diagnostic] if self.account.diagnostic else []),
            *duplicate_keys(stacks),
            *self._undeclared_overrides(),
            *macros(stacks),
            *(each for stack in stacks for each in self._stack_diagnostics[stack]),
        )
        return tuple(dict.fromkeys(said))

    @cached_property
    def _stack_diagnostics(self) -> dict[Stack, tuple[Diagnostic, ...]]:
        """The diagnostics of the stacks themselves, before any function is resolved."""
        _ = self.functions
        return {stack: stack.drain_diagnostics() for stack in self.stacks}

    @cached_property
    def functions(self) -> tuple[FunctionEntry, ...]:
        """Every function with its identifiers."""
        return tuple(entry for entry, _ in self._stack_by_path.values())

    @cached_property
    def excluded(self) -> tuple[FunctionEntry, ...]:
        """Every function that is not part of its stack, because its condition is false."""
        return tuple(entry for stack in self.stacks for entry in read_entries(stack, excluded=True))

    @cached_property
    def _stack_by_path(self) -> dict[str, tuple[FunctionEntry, Stack]]:
        return {
            entry.full_path: (entry, stack)
            for stack in self.stacks
            for entry in read_entries(stack)
        }

    @cached_property
    def _layers(self) -> dict[str, tuple[Stack, str]]:
        return local_layers(self.stacks)

    def find(self, identifier: str | None) -> FunctionEntry:
        """Return the function that `identifier` names; None means the only function.

        Raises:
            FunctionNotFoundError: no function has that identifier.
            AmbiguousFunctionError: more than one has it.
        """
        try:
            return lookup.find(self.functions, identifier)
        except FunctionNotFoundError as error:
            self._explain_missing(identifier and lookup.split_identifier(identifier)[0])
            self._refuse_unread()
            if not self._not_read:
                raise
            parts = (
                error.hint,
                *map(_with_place, self._not_read[:_EXPLAINED]),
                parameters_hint(parameter for each in self._not_read for parameter in each.missing),
            )
            hint = "; ".join(filter(None, parts))
            raise FunctionNotFoundError(error.message, place=error.place, hint=hint) from None

    @property
    def _not_read(self) -> tuple[Diagnostic, ...]:
        """The diagnostics of the parts of the project that are not read; they may contain functions."""
        own = chain.from_iterable(self._stack_diagnostics.values())
        return (*(each.diagnostic for each in self.unread), *own)

    def _explain_missing(self, identifier: str | None) -> None:
        """Raise if the function is not part of its stack, or is a web function."""
        for stack in self.stacks:
            if diagnostic := web_functions(stack).get(identifier or ""):
                raise FunctionNotFoundError(
                    diagnostic.message, place=diagnostic.place, hint=diagnostic.hint
                )
        for entry in self.excluded:
            if identifier is None or identifier in entry.identifiers:
                raise FunctionNotFoundError(
                    f"`{entry.full_path}` is not part of the stack: {entry.exclusion}",
                    place=entry.place,
                    hint="give other values with --parameter-overrides",
                )

    def _refuse_unread(self) -> None:
        """Raise if there are no functions because a part of the project is not read."""
        if self.functions or not self._not_read:
            return
        first = self._not_read[0]
        raise FunctionNotFoundError(
            "the template has no functions",
            place=first.place,
            hint=f"{first.message}; {first.hint}" if first.hint else first.message,
        )

    def resolve(
        self, entry: FunctionEntry, *, replaced: Iterable[str] = (), for_api: bool = False
    ) -> Function:
        """Resolve one function of this project; its `diagnostics` name what was dropped or guessed.

        The properties in `replaced` are not taken from the template: their missing values do not matter.
        `for_api` also reads those that only callers of Lambda's API notice.

        Raises:
            TemplateError: a property has a value that Lambda refuses.
            MissingParameterError: the function cannot run without parameters that have no value.
            ParameterError: a parameter that the function needs has a value that is not allowed.
            CodeNotFoundError: the template does not say where the code is.
        """
        _ = self._stack_diagnostics  # drained first: what follows belongs to the function
        _, stack = self._stack_by_path[entry.full_path]
        return read_function(
            stack, entry, self._layers, replaced=frozenset(replaced), for_api=for_api
        )

    def read_apis(self) -> Apis:
        """Return the APIs of all stacks: REST, HTTP and WebSocket APIs, function URLs and load balancers.

        Raises:
            ProjectError: the template cannot be read.
        """
        from samlocal.cloudformation.apis.apis import read_apis  # noqa: PLC0415  # for servers

        _ = self._stack_diagnostics  # drained first: what follows is about the APIs
        return read_apis(self.stacks)

    def read_web_functions(self) -> WebFunctions:
        """Return the web functions of all stacks, which are no functions that can be invoked.

        Raises:
            ProjectError: the template cannot be read.
        """
        from samlocal.cloudformation.apis.web_functions import read_web_functions  # noqa: PLC0415  # for servers

        return read_web_functions(self.stacks)

    def _undeclared_overrides(self) -> list[Diagnostic]:
        declared = {name for root in self._roots for name in root.parameters}
        return [
            Diagnostic(
                message=f"the template has no parameter `{name}`",
                place=self._roots[0].document.root.place,
                hint=did_you_mean(name, declared),
            )
            for name in self._overrides
            if name not in declared
        ]


def _with_place(diagnostic: Diagnostic) -> str:
    place = diagnostic.place
    where = f" ({place.path.name}:{place.line}:{place.column})" if place else ""
    return f"{diagnostic.message}{where}"


def _descend(stack: Stack) -> Iterator[Stack]:
    yield stack
    for child in stack.children.values():
        yield from _descend(child)
