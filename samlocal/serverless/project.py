"""Projects of the Serverless Framework: the functions of one service."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Final

from samlocal.aws_account import Account
from samlocal.cloudformation.functions.lambda_functions import read_function
from samlocal.cloudformation.intrinsics.dynamic_references import ExternalValues
from samlocal.cloudformation.intrinsics.pseudo_parameters import StackContext
from samlocal.cloudformation.stack.exports import ProjectExports
from samlocal.cloudformation.stack.references import reference
from samlocal.errors import FunctionNotFoundError, ProjectError
from samlocal.function import FunctionEntry
from samlocal.project import lookup
from samlocal.serverless.configuration import read_configuration
from samlocal.serverless.template.functions import FUNCTION_TYPE
from samlocal.serverless.template.keys import check_keys, check_sections, misspelt_sections
from samlocal.serverless.template.layers import LAYER_TYPE
from samlocal.serverless.template.logical_ids import function_id
from samlocal.serverless.template.plugins import check_plugins
from samlocal.serverless.template.property_names import with_own_names
from samlocal.serverless.template.service import Service
from samlocal.serverless.template.service_diagnostics import service_diagnostics
from samlocal.serverless.template.stack import ServiceStack
from samlocal.serverless.variables.variables import Variables

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from samlocal.cloudformation.stack.stack import Stack
    from samlocal.diagnostics import Diagnostic
    from samlocal.function import Function
    from samlocal.project.apis import Apis
    from samlocal.project.project import UnreadPart
    from samlocal.project.web_functions import WebFunctions
    from samlocal.serverless.variables.context import VariableContext

_FRAMEWORK: Final = "serverless"


def open_project(
    path: Path,
    *,
    context: VariableContext,
    parameter_overrides: Mapping[str, str] | None = None,
    account: Account | None = None,
) -> ServerlessProject:
    """Read the configuration of a service, without resolving any variable yet.

    `context` has the values that variables refer to, and the stage and Region. `parameter_overrides` are for the
    `Parameters` of `resources`.

    Raises:
        TemplateNotFoundError: There is no such file.
        TemplateError: It cannot be read.
    """
    variables = Variables(read_configuration(path.absolute()), context)
    return ServerlessProject(variables, parameter_overrides or {}, account or Account())


class ServerlessProject:
    """The functions of one service; only what a function needs is resolved."""

    def __init__(
        self, variables: Variables, overrides: Mapping[str, str], account: Account
    ) -> None:
        self.path = variables.configuration.path
        self.account = account
        self.templates: tuple[Path, ...] = ()  # a linter cannot read the configuration
        self.unread: tuple[UnreadPart, ...] = ()
        self._variables = variables
        self._overrides = overrides

    @property
    def stage(self) -> str:
        """The stage that the service is read for."""
        return self._variables.stage

    @property
    def profile(self) -> str | None:
        """The AWS profile that the service names: `provider.profile`."""
        node = self._service.value("provider", "profile")
        return node.optional_text() if node else None

    @property
    def region(self) -> str:
        """The Region that the service is deployed to."""
        return self._variables.region

    @property
    def failures(self) -> tuple[ProjectError, ...]:
        """What cannot be resolved anywhere in the configuration, also where no function needs it."""
        return self._variables.failures()

    @cached_property
    def _service(self) -> Service:
        service = Service(self._variables)
        service.check_provider()
        return service

    @cached_property
    def _stack(self) -> ServiceStack:
        context = self._variables.context
        external = ExternalValues(given=context.given, remote=context.remote)
        stack = ServiceStack(
            self._service,
            parameters=self._overrides,
            context=StackContext(
                region=self._service.region,
                account=self.account.known,
                stack_name=self._service.stack_name,
            ),
            external=external,
            boundary=self.path.parent,
        )
        external.local = ProjectExports(lambda: (stack,))
        return stack

    @cached_property
    def functions(self) -> tuple[FunctionEntry, ...]:
        """Every function; one in a file of its own lacks its name in AWS, if nothing has read the file."""
        return tuple(each for each in self._declared if not self._is_excluded(each))

    @cached_property
    def excluded(self) -> tuple[FunctionEntry, ...]:
        """Every function whose condition is false, unless it is in a file of its own."""
        return tuple(each for each in self._declared if self._is_excluded(each))

    @cached_property
    def _declared(self) -> tuple[FunctionEntry, ...]:
        return tuple(map(self._entry, self._service.functions.keys))

    def _entry(self, key: str, *, opens_file: bool = False) -> FunctionEntry:
        functions = self._service.functions
        inline = functions.declared[key]
        condition = inline.get("Condition") or inline.get("condition")
        name = None
        if isinstance(inline.value, dict) or opens_file:
            try:
                name = self._service.function_name(key)
            except ProjectError:  # raised again when the function is resolved
                name = None
        return FunctionEntry(
            logical_id=key,
            full_path=key,
            place=functions.place_of(key),
            resource_type=FUNCTION_TYPE,
            function_id=function_id(key),
            function_name=name,
            condition=condition.optional_text() if condition else None,
        )

    def _is_excluded(self, entry: FunctionEntry) -> bool:
        if entry.condition is None:
            return False
        logical_id = function_id(entry.full_path)
        declared = self._stack.resources[logical_id]
        condition = self._service.root.with_value(entry.condition)
        entries = {**declared.entries("a function"), "Condition": condition}
        self._stack.resources[logical_id] = declared.with_value(entries)
        return self._stack.exists(logical_id) is False

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """What was dropped or guessed, or may surprise, for any function, as far as it is resolved."""
        return (*self._of_service, *self._variables.diagnostics)

    @cached_property
    def _of_service(self) -> tuple[Diagnostic, ...]:
        said = (
            *([self.account.diagnostic] if self.account.diagnostic else []),
            *service_diagnostics(self._service, self._stack, self._overrides),
            *self._unknown_sections,
            *check_plugins(self._service),
        )
        return tuple(dict.fromkeys(said))

    @cached_property
    def _unknown_sections(self) -> tuple[Diagnostic, ...]:
        return check_sections(self._service)

    def diagnostics_for(self, entry: FunctionEntry) -> tuple[Diagnostic, ...]:  # noqa: ARG002  # they concern all
        """Return the diagnostics that concern one function, which must be resolved."""
        return self.diagnostics

    def find(self, identifier: str | None) -> FunctionEntry:
        """Return the function that `identifier` names; None means the only function.

        Its key, the name in AWS and the logical id name a function. Files of other functions are read only if no
        key matches.

        Raises:
            FunctionNotFoundError: no function has that identifier.
            AmbiguousFunctionError: more than one function has it.
        """
        try:
            return lookup.find(self.functions, identifier)
        except FunctionNotFoundError:
            if not self._declared:
                raise self._no_functions() from None
            name = identifier and lookup.split_identifier(identifier)[0]
            for entry in self.excluded:
                if name is None or name in entry.identifiers:
                    raise _not_deployed(entry) from None
            if identifier is None or all(each.function_name for each in self._declared):
                raise
        every = tuple(self._entry(each.full_path, opens_file=True) for each in self.functions)
        return lookup.find(every, identifier)

    def _no_functions(self) -> FunctionNotFoundError:
        misspelt = next(misspelt_sections(self._service), None)
        return FunctionNotFoundError(
            "the service has no functions",
            place=misspelt.place if misspelt else self._service.root.place,
            hint=f"{misspelt.message}: {misspelt.hint}"
            if misspelt
            else "declare them under `functions`",
        )

    def resolve(
        self, entry: FunctionEntry, *, replaced: Iterable[str] = (), for_api: bool = False
    ) -> Function:
        """Resolve one function of this service; its `diagnostics` name what was dropped or guessed.

        The properties in `replaced` are not taken from the configuration: see `Project.resolve`.

        Raises:
            ProjectError: the function cannot be resolved.
        """
        key = entry.full_path
        logical_id = function_id(key)
        replaced = frozenset(replaced)
        _ = self._unknown_sections  # they may be errors
        try:
            guessed = self._stack.compile_function(key, replaced=replaced, for_api=for_api)
            if self._stack.exists(logical_id) is False:
                raise _not_deployed(entry)
            compiled = replace(
                entry, logical_id=logical_id, function_name=self._service.function_name(key)
            )
            function = read_function(
                self._stack, compiled, self._layers, replaced=replaced, for_api=for_api
            )
        except ProjectError as error:
            raise with_own_names(error) from error.__cause__
        diagnostics = (
            *check_keys(self._service, key),
            *self._variables.diagnostics,
            *guessed,
            *function.diagnostics,
        )
        return replace(
            function,
            logical_id=key,
            function_id=logical_id,
            framework=_FRAMEWORK,
            diagnostics=tuple(dict.fromkeys(diagnostics)),
        )

    def read_apis(self) -> Apis:
        """Return the APIs of the service, and those of its `resources`.

        Raises:
            ProjectError: the configuration cannot be read.
        """
        from samlocal.cloudformation.apis.apis import read_apis  # noqa: PLC0415  # for servers

        diagnostics = self._stack.compile_events()
        found = read_apis((self._stack,), self._compiled_entries)
        return replace(
            found,
            apis=tuple(api for api in found.apis if api.routes or api.failures),
            diagnostics=(*diagnostics, *found.diagnostics),
        )

    def read_web_functions(self) -> WebFunctions:
        """Return the web functions of the `resources`, which are no functions that can be invoked.

        Raises:
            ProjectError: the configuration cannot be read.
        """
        from samlocal.cloudformation.apis.web_functions import read_web_functions  # noqa: PLC0415  # for servers

        return read_web_functions((self._stack,))

    def _compiled_entries(self, _stack: Stack) -> tuple[FunctionEntry, ...]:
        """Return the functions with the logical ids that they have in the stack."""
        entries = (self._entry(each.full_path, opens_file=True) for each in self.functions)
        return tuple(replace(each, logical_id=function_id(each.full_path)) for each in entries)

    @cached_property
    def _layers(self) -> dict[str, tuple[Stack, str]]:
        """The layers of the service by their local ARN."""
        found: dict[str, tuple[Stack, str]] = {}
        for logical_id in self._stack.of_type(LAYER_TYPE):
            try:
                arn = reference(self._stack, logical_id, self._stack.resources[logical_id])
            except ProjectError:  # raised again for a function that has this layer
                continue
            if isinstance(arn, str):
                found[arn] = (self._stack, logical_id)
        return found


def _not_deployed(entry: FunctionEntry) -> FunctionNotFoundError:
    return FunctionNotFoundError(
        f"`{entry.full_path}` is not part of the stack: {entry.exclusion}", place=entry.place
    )
