"""Variables of a configuration, resolved where a value is needed.

Serverless resolves all variables of a service, and fails if one of them fails. Here each text is resolved when
something asks for it, once, so an invocation needs only the variables of its own function.
https://www.serverless.com/framework/docs/providers/aws/guide/variables
"""

from __future__ import annotations

import time
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Final

from samlocal.aws_account import DEFAULT_REGION
from samlocal.diagnostics import Diagnostic
from samlocal.documents.node import MAX_DEPTH, Node
from samlocal.errors import ProjectError, UnavailableValueError, VariableError
from samlocal.serverless.framework_version import VERSION_4, major_version
from samlocal.serverless.variables.parts import Literal, Variable, VariableSyntaxError
from samlocal.serverless.variables.resolution_errors import (
    circular_variables,
    malformed_variable,
    missing_value,
    not_text,
    too_deep,
    too_many_levels,
)
from samlocal.serverless.variables.source import SourceRequest
from samlocal.serverless.variables.sources import find_source
from samlocal.serverless.variables.syntax import parse_text
from samlocal.serverless.variables.values import (
    OPENING,
    child,
    joined_text,
    placed,
    texts_with_variables,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from samlocal.serverless.configuration import Configuration
    from samlocal.serverless.variables.context import VariableContext
    from samlocal.serverless.variables.parts import Parts, Reference

DEFAULT_STAGE: Final = "dev"

_MAX_LEVELS: Final = 10  # of values that hold variables, as in Serverless
_parse: Final = lru_cache(maxsize=1024)(parse_text)


class Variables:
    """The variables of a configuration. A value is resolved when it is asked for, and remembered."""

    def __init__(self, configuration: Configuration, context: VariableContext) -> None:
        self.configuration = configuration
        self.context = context
        self.instance_id = str(time.time_ns() // 1_000_000)
        # By the identity of a node, which stays alive beside its result. A result is its own result.
        self._values: dict[int, tuple[Node, Node | ProjectError]] = {}
        self._resolved: dict[int, tuple[Node, Node]] = {}
        self._active: dict[int, Node] = {}  # the texts that are being resolved, in order
        self._environment: Mapping[str, str] | None = None
        # The fallbacks that stand for values which exist elsewhere; a dict keeps their order.
        self.diagnostics: dict[Diagnostic, None] = {}

    @property
    def stage(self) -> str:
        """The stage: the option, else `provider.stage`, else `dev`."""
        return self.context.options.get("stage") or self._provider("stage") or DEFAULT_STAGE

    @property
    def region(self) -> str:
        """The Region: the option, else `provider.region`, else `us-east-1`, whatever the shell's variables."""
        return self.context.options.get("region") or self._provider("region") or DEFAULT_REGION

    @cached_property
    def major_version(self) -> int | None:
        """The major version of Serverless that the service is written for, if it says so."""
        asked = self.configuration.root.get("frameworkVersion")
        return major_version(self.configuration.directory, asked)

    def _provider(self, name: str) -> str | None:
        node = self.at("provider", name)
        if node is None or node.value is None:
            return None
        if isinstance(node.value, dict | tuple):
            message = f"`provider.{name}` must be text, not {node.kind}"
            raise VariableError(message, place=node.place, hint=f"or give `--{name}`")
        return node.optional_text()

    @property
    def environment(self) -> Mapping[str, str]:
        """The shell's variables, over those of `.env` files if the service uses them."""
        if self._environment is None:
            # What `provider.stage` sees, because the stage chooses the file.
            self._environment = self.context.environment
            is_asked = self.configuration.root.get("useDotenv") is not None
            if is_asked or self.major_version == VERSION_4:
                self._add_dotenv()
        return self._environment

    def _add_dotenv(self) -> None:
        from samlocal.serverless.variables.dotenv import load_dotenv  # noqa: PLC0415  # few services have it

        try:
            environment = load_dotenv(self)
        except ProjectError:
            self._environment = None  # whoever asks next gets the error too
            raise
        self._environment = environment
        # Other values may have been missed without the files; the stage stays what chose them.
        self._values = dict(self._stage_values())
        self._resolved.clear()

    def _stage_values(self) -> Iterator[tuple[int, tuple[Node, Node | ProjectError]]]:
        provider = self.configuration.root.get("provider")
        stage = None if provider is None else provider.get("stage")
        if stage is not None and id(stage) in self._values:
            _, value = known = self._values[id(stage)]
            yield id(stage), known
            if isinstance(value, Node):
                yield id(value), (value, value)

    def at(self, *path: str) -> Node | None:
        """Return the node at a path of the configuration; None if there is none.

        Variables along the path are resolved, and the node itself if it is a text; what is inside of it is not.
        """
        return self.walk(self.configuration.root, path)

    def walk(self, node: Node, path: Iterable[str]) -> Node | None:
        """Return the node at a path that starts from `node`, as `at` does; a list has its indexes as keys."""
        self._prepare()
        current = self._value(node)
        for key in path:
            found = child(current, key)
            if found is None:
                return None
            current = self._value(found)
        return current

    def resolve(self, node: Node) -> Node:
        """Return a node with all variables inside of it resolved; the keys of mappings hold none.

        A value gets the place of the text that holds its variable; what is inside of it keeps its own.
        """
        self._prepare()
        try:
            return self._resolve(node, 0)
        except RecursionError:
            raise too_deep(node) from None

    def failures(self) -> tuple[ProjectError, ...]:
        """Return the errors of all variables in the configuration that cannot be resolved, in order."""
        errors: dict[tuple[object, str], ProjectError] = {}
        try:
            self._prepare()
        except ProjectError as error:
            errors[error.place, error.message] = error
        for text in texts_with_variables(self.configuration.root):
            try:
                self.resolve(text)
            except ProjectError as error:
                errors.setdefault((error.place, error.message), error)
        return tuple(errors.values())

    def _prepare(self) -> None:
        """Read the `.env` files before the first variable is resolved: it may need them."""
        if self._environment is None:
            self.environment  # noqa: B018

    def _resolve(self, node: Node, depth: int) -> Node:
        if isinstance(node.value, str):
            return self._resolve_text(node, depth) if OPENING in node.value else node
        if not isinstance(node.value, dict | tuple):
            return node
        if known := self._resolved.get(id(node)):
            return known[1]
        result = self._resolve_collection(node, depth)
        self._resolved[id(node)] = (node, result)
        self._resolved[id(result)] = (result, result)
        return result

    def _resolve_collection(self, node: Node, depth: int) -> Node:
        if isinstance(node.value, dict):
            entries = {key: self._resolve(each, depth) for key, each in node.value.items()}
            if all(each is entries[key] for key, each in node.value.items()):
                return node
            return Node(entries, node.path, node.line, node.column, node.keys)
        items = tuple(self._resolve(each, depth) for each in node.items("a list"))
        if all(old is new for old, new in zip(node.items("a list"), items, strict=True)):
            return node
        return node.with_value(items)

    def _resolve_text(self, node: Node, depth: int) -> Node:
        value = self._value(node)
        if not isinstance(value.value, dict | tuple):
            return value
        if depth >= MAX_DEPTH:
            raise too_deep(node)
        self._enter(node)
        try:
            return self._resolve(value, depth + 1)
        finally:
            del self._active[id(node)]

    def _value(self, node: Node) -> Node:
        """Return a node, or the value of its variables if it is a text; what is inside of it is as written."""
        if not isinstance(node.value, str) or OPENING not in node.value:
            return node
        known = self._values.get(id(node))
        if known is None:
            known = (node, self._value_or_error(node))
            self._values[id(node)] = known
            if isinstance(known[1], Node):
                self._values[id(known[1])] = (known[1], known[1])
        if isinstance(known[1], ProjectError):
            raise known[1].with_traceback(None)
        return known[1]

    def _value_or_error(self, node: Node) -> Node | ProjectError:
        self._enter(node)
        try:
            return self._evaluate(node, 0)
        except ProjectError as error:
            return error
        except RecursionError:
            raise too_deep(node) from None
        finally:
            del self._active[id(node)]

    def _enter(self, node: Node) -> None:
        if id(node) in self._active:
            raise circular_variables(node, self._active.values())
        self._active[id(node)] = node

    def _evaluate(self, node: Node, level: int) -> Node:
        if level > _MAX_LEVELS:
            raise too_many_levels(node, _MAX_LEVELS)
        try:
            parts = _parse(str(node.value), is_version_4=self.major_version == VERSION_4)
        except VariableSyntaxError as error:
            raise malformed_variable(node, error) from None
        return self._evaluate_parts(parts, node, level)

    def _evaluate_parts(self, parts: Parts, node: Node, level: int) -> Node:
        """Return the value of a text's parts: text, unless the only part is a variable with another value."""
        if len(parts) == 1 and isinstance(parts[0], Variable):
            return placed(self._evaluate_variable(parts[0], node, level), node)
        texts = (
            part if isinstance(part, str) else self._text_of(part, node, level) for part in parts
        )
        return node.with_value("".join(texts))

    def _text_of(self, variable: Variable, node: Node, level: int) -> str:
        value = self._evaluate_variable(variable, node, level)
        text = joined_text(self.resolve(value) if isinstance(value.value, tuple) else value)
        if text is None:
            raise not_text(variable, value, node)
        return text

    def _evaluate_variable(self, variable: Variable, node: Node, level: int) -> Node:
        unavailable: UnavailableValueError | None = None
        for source in variable.sources:
            if isinstance(source, Literal):
                self._note_fallback(unavailable)
                return self._evaluate_again(node.with_value(source.value), level)
            try:
                found = self._ask(source, variable, node, level)
            except UnavailableValueError as error:
                if error.source != source.text or error.place != node.place:
                    raise  # that of another variable, which this one refers to
                unavailable = unavailable or error
                continue
            if found is not None and found.value is not None:
                self._note_fallback(unavailable)
                return self._evaluate_again(found, level)
        if unavailable is not None:
            raise unavailable
        raise missing_value(variable, node, self)

    def _note_fallback(self, unavailable: UnavailableValueError | None) -> None:
        if unavailable is not None:
            message = f"{unavailable.message}; its fallback applies"
            found = Diagnostic(message=message, place=unavailable.place, hint=unavailable.hint)
            self.diagnostics.setdefault(found)

    def _evaluate_again(self, found: Node, level: int) -> Node:
        """Resolve the variables in the text that a source gives, unless they are resolved already."""
        is_open = isinstance(found.value, str) and OPENING in found.value
        if not is_open or id(found) in self._values:
            return found
        return self._evaluate(found, level + 1)

    def _ask(self, source: Reference, variable: Variable, node: Node, level: int) -> Node | None:
        request = SourceRequest(
            type=source.type,
            params=tuple(
                node.with_value(each.value)
                if isinstance(each, Literal)
                else self._evaluate_parts(each, node, level)
                for each in source.params
            ),
            address=(
                None
                if source.address is None
                else self._evaluate_parts(source.address, node, level)
            ),
            node=node,
            text=source.text,
            variable=variable.text,
        )
        return self._given(request) or find_source(source.type)(request, self)

    def _given(self, request: SourceRequest) -> Node | None:
        if self.context.given is None:
            return None
        from samlocal.serverless.variables.sources.stored_values import (  # noqa: PLC0415  # with --resolve-file only
            given_variable,
        )

        return given_variable(request, self)
