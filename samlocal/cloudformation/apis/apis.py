"""The APIs of a project's stacks, from all resources that make them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from samlocal.cloudformation.apis.api_resources import ApiResources, unreadable
from samlocal.cloudformation.apis.function_targets import FunctionTargets
from samlocal.cloudformation.apis.function_urls import read_sam_url, read_url
from samlocal.cloudformation.apis.http_resources import read_http_resources
from samlocal.cloudformation.apis.load_balancers import read_load_balancers
from samlocal.cloudformation.apis.marked_text import Resource
from samlocal.cloudformation.apis.rest_resources import SAM_API, read_rest_resources, with_methods
from samlocal.cloudformation.apis.sam_additions import with_additions
from samlocal.cloudformation.apis.sam_events import FUNCTION, IMPLICIT, STATE_MACHINE, SamEvents
from samlocal.cloudformation.apis.sam_http import read_http_api
from samlocal.cloudformation.apis.sam_resource import SamResource
from samlocal.cloudformation.apis.sam_rest import read_rest_api
from samlocal.cloudformation.apis.sam_websocket import read_websocket_api
from samlocal.cloudformation.apis.settings import skipped
from samlocal.cloudformation.apis.usage_plans import with_foreign_keys
from samlocal.cloudformation.apis.websocket_resources import read_websocket_resources
from samlocal.cloudformation.functions.index import read_entries
from samlocal.cloudformation.functions.properties import Properties
from samlocal.cloudformation.intrinsics.missing_values import MissingValues
from samlocal.cloudformation.intrinsics.resolver import intrinsic_call
from samlocal.cloudformation.intrinsics.transforms import lost_entries
from samlocal.cloudformation.stack.globals import declared_properties, with_globals
from samlocal.diagnostics import Diagnostic, merge_diagnostics, parameters_hint
from samlocal.documents.node import Node, Unknown
from samlocal.errors import ProjectError, TemplateError
from samlocal.project.apis import Api, Apis

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from samlocal.cloudformation.apis.function_targets import ReadEntries
    from samlocal.cloudformation.stack.stack import Stack

_REST: Final = SAM_API
_HTTP: Final = "AWS::Serverless::HttpApi"
_URL: Final = "AWS::Lambda::Url"
_AUTH: Final = "Auth"
_EVENTS: Final = {_REST: "Api", _HTTP: "HttpApi"}  # of functions
_PLAIN: Final = ("AWS::ApiGateway", "AWS::ElasticLoadBalancing")  # of which several make up one API
_SAM: Final[Mapping[str, Callable[[SamResource], Api]]] = {
    _REST: read_rest_api,
    _HTTP: read_http_api,
    "AWS::Serverless::WebSocketApi": read_websocket_api,
}
_RESOURCES: Final[Sequence[Callable[[Sequence[Stack], FunctionTargets], Apis]]] = (
    read_rest_resources,
    read_http_resources,
    read_websocket_resources,
    read_load_balancers,
)
# The section of `Globals` for an implicit API, and what SAM sets for it.
_IMPLICIT: Final[Mapping[str, tuple[str, str, dict[str, object]]]] = {
    IMPLICIT["Api"]: (_REST, "Api", {"StageName": "Prod"}),
    IMPLICIT["HttpApi"]: (_HTTP, "HttpApi", {}),
}


def read_apis(stacks: Sequence[Stack], read: ReadEntries = read_entries) -> Apis:
    """Return the APIs of stacks in the order of their templates; `read` gives the functions of a stack.

    What cannot be resolved is in the `failures` of its API, or in the diagnostics; all others are read.
    """
    targets = FunctionTargets(stacks, read)
    resources = ApiResources(stacks)
    apis: list[Api] = []
    diagnostics: list[Diagnostic] = []
    for stack in stacks:
        reader = _StackReader(stack, targets, resources)
        found, traces = stack.external.provenance.of(reader.read_all)
        apis += found
        diagnostics += (each for each in traces if isinstance(each, Diagnostic))
        diagnostics += reader.diagnostics()
    for read_resources in _RESOURCES:
        made, traces = stacks[0].external.provenance.of(read_resources, stacks, targets)
        apis += made.apis
        diagnostics += (each for each in traces if isinstance(each, Diagnostic))
        diagnostics += made.diagnostics
    found = with_foreign_keys(_in_order(apis, stacks))
    return Apis(apis=found, diagnostics=merge_diagnostics(diagnostics))


def _in_order(apis: Sequence[Api], stacks: Sequence[Stack]) -> tuple[Api, ...]:
    """Return APIs in the order of the templates that have them; in each, those of SAM come first."""
    order = {stack.document.path: number for number, stack in reversed([*enumerate(stacks)])}
    return tuple(sorted(apis, key=lambda api: order.get(api.place.path, 0) if api.place else 0))


class _StackReader:
    """Reads the APIs of one stack."""

    def __init__(self, stack: Stack, targets: FunctionTargets, resources: ApiResources) -> None:
        self._stack = stack
        self._targets = targets
        self._resources = resources
        self._missing = MissingValues()
        self._said: list[Diagnostic] = []

    def diagnostics(self) -> Iterator[Diagnostic]:
        """Yield what is said about values and APIs that are left out, after reading."""
        yield from self._missing.diagnostics
        for each in self._missing.needed:
            yield Diagnostic(
                message=f"{each.problem}, and an API needs it",
                place=each.place,
                hint=parameters_hint([each]),
                missing=(each,),
            )
        yield from self._said

    def read_all(self) -> tuple[Api, ...]:
        """Return the APIs in the order of the template."""
        return tuple(self._read())

    def _read(self) -> Iterator[Api]:
        events = SamEvents(self._stack, self._targets, self._missing)
        self._said += events.diagnostics
        for logical_id in self._stack.resources:
            kind = self._stack.resource_type(logical_id) or ""
            if self._stack.exists(logical_id) is False:
                continue
            if kind.startswith(_PLAIN) and (said := unreadable(self._stack, logical_id)):
                self._said.append(said)
                continue
            try:
                if kind in _SAM and not (logical_id in _IMPLICIT and events.of(logical_id)):
                    yield self._read_sam(logical_id, kind, events)
                elif kind in {FUNCTION, STATE_MACHINE}:
                    yield from self._read_implicit(logical_id, events)
                    if kind == FUNCTION:
                        yield from self._read_sam_url(logical_id)
                elif kind == _URL:
                    yield from self._known(
                        logical_id,
                        read_url(
                            self._stack, logical_id, self._properties(logical_id), self._targets
                        ),
                    )
            except ProjectError as error:
                self._said.append(skipped(f"the API `{logical_id}`", error))

    def _properties(self, logical_id: str) -> Properties:
        node = declared_properties(self._stack, logical_id)
        return Properties(node, self._stack.resolver, self._missing)

    def _api_properties(self, logical_id: str) -> Properties:
        """Return the properties of an API of SAM, which lets nobody in if a part of them cannot be resolved."""
        return self._with_known_auth(declared_properties(self._stack, logical_id))

    def _with_known_auth(self, found: Node) -> Properties:
        sections = self._stack.section("Globals")
        if sections and (call := intrinsic_call(sections)):
            message = f"`Globals` must be a mapping, not a call of `{call[0]}`"
            raise TemplateError(message, place=sections.place)
        unknown = lost_entries(found) or (lost_entries(sections) if sections else None)
        if isinstance(found.value, Unknown):
            unknown = found.value
        if unknown is not None:
            entries = dict(found.value) if isinstance(found.value, dict) else {}
            found = found.with_value({**entries, _AUTH: found.with_value(unknown)})
        return Properties(found, self._stack.resolver, self._missing)

    def _known(self, logical_id: str, found: Api | Diagnostic | None) -> Iterator[Api]:
        if isinstance(found, Diagnostic):
            message = f"skipping the URL of `{logical_id}`: {found.message}"
            self._said.append(Diagnostic(message=message, place=found.place, hint=found.hint))
        elif found is not None:
            yield found

    def _read_sam(self, logical_id: str, kind: str, events: SamEvents) -> Api:
        resource = SamResource(
            stack=self._stack,
            logical_id=logical_id,
            settings=self._api_properties(logical_id),
            events=events.of(logical_id),
            lost_events=events.lost(logical_id, _EVENTS.get(kind, "")),
            targets=self._targets,
            place=self._stack.place_of(logical_id),
        )
        return self._with_additions(_SAM[kind](resource), logical_id)

    def _with_additions(self, api: Api, logical_id: str) -> Api:
        resource = Resource(stack=self._stack, logical_id=logical_id)
        if self._stack.resource_type(logical_id) == _REST:
            api = with_methods(api, resource, self._resources, self._targets)
        return with_additions(api, resource, self._resources, self._missing)

    def _read_implicit(self, logical_id: str, events: SamEvents) -> Iterator[Api]:
        """Yield the implicit APIs that a resource is the first to need."""
        for api, (kind, section, own) in _IMPLICIT.items():
            mine = events.of(api)
            if mine and mine[0].owner == logical_id:
                resource = SamResource(
                    stack=self._stack,
                    logical_id=api,
                    settings=self._implicit_properties(logical_id, section, own),
                    events=mine,
                    lost_events=events.lost(api, section),
                    targets=self._targets,
                    place=mine[0].place,
                )
                yield self._with_additions(_SAM[kind](resource), api)

    def _read_sam_url(self, logical_id: str) -> Iterator[Api]:
        properties = self._properties(logical_id)
        url = read_sam_url(self._stack, logical_id, properties, self._targets)
        yield from self._known(logical_id, url)

    def _implicit_properties(
        self, logical_id: str, section: str, own: dict[str, object]
    ) -> Properties:
        """Return the properties of an implicit API: those of `Globals`, and what SAM sets."""
        at = self._stack.resources[logical_id]
        node: Node = at.with_data(own)
        sections = self._stack.section("Globals")
        inherited = sections.get(section) if sections else None
        if inherited is not None and inherited.value is not None:
            node = with_globals(node, inherited, self._stack.resolver, name=f"Globals.{section}")
        return self._with_known_auth(node)
