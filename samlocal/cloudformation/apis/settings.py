"""Settings of APIs: values that must be known, and places where they are not."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from samlocal.cloudformation.intrinsics.resolver import find_unknown
from samlocal.cloudformation.intrinsics.transforms import lost_entries
from samlocal.diagnostics import Diagnostic, error_diagnostic, parameters_hint
from samlocal.documents.node import NoValue
from samlocal.errors import TemplateError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from samlocal.cloudformation.functions.properties import Properties
    from samlocal.documents.node import Node, Unknown
    from samlocal.errors import ProjectError
    from samlocal.project.apis import PayloadVersion


def required_text(settings: Properties, name: str, owner: str) -> str:
    """Return the text of a setting that `owner` cannot do without.

    Raises:
        TemplateError: it is missing, unknown, or not text.
    """
    node = settings.entries.get(name)
    resolved = settings.resolver.resolve(node) if node else None
    if resolved is None or resolved.value is None or isinstance(resolved.value, NoValue):
        raise TemplateError(f"{owner} needs `{name}`", place=settings.node.place)
    return known(resolved).text(f"`{name}`")


def known(node: Node) -> Node:
    """Return a resolved node.

    Raises:
        TemplateError: a part of it is unknown.
    """
    unknown = find_unknown(node) or lost_entries(node)
    if unknown is not None:
        raise _unknown_error(unknown, node)
    return node


def _unknown_error(unknown: Unknown, node: Node) -> TemplateError:
    return TemplateError(
        f"a value cannot be resolved locally: {unknown.reason}",
        place=unknown.place or node.place,
        hint=unknown.hint or parameters_hint(unknown.missing),
    )


def guarding(settings: Properties, *names: str) -> Properties:
    """Return settings whose values decide who may call an API.

    Raises:
        TemplateError: one of these is unknown: without it the API would be open. So it is if entries are unknown.
    """
    lost = lost_entries(settings.node)
    if lost is not None:
        raise _unknown_error(lost, settings.node)
    for name in names:
        node = settings.entries.get(name)
        if node is not None:
            known(settings.resolver.resolve(node))
    return settings


def guarding_mapping(settings: Properties, name: str, *names: str) -> Properties | None:
    """Return the mapping under `name`, with `names` in it, which decides who may call an API; None if it is absent.

    Raises:
        TemplateError: it is unknown, or one of its `names`.
    """
    node = settings.entries.get(name)
    if node is not None:
        known(settings.resolver.reduce(node))
    found = settings.mapping(name)
    return guarding(found, *names) if found else None


def flag(settings: Properties, name: str) -> bool | None:
    """Return a boolean; None if it is absent or unknown.

    Raises:
        TemplateError: it is something else.
    """
    node = settings.get(name)
    if node is None:
        return None
    if isinstance(node.value, bool):
        return node.value
    text = unquoted(node.text(f"`{name}`")).lower()  # in the quotes that settings beside it need
    if text not in {"true", "false"}:
        raise TemplateError(f"`{name}` must be true or false, not `{text}`", place=node.place)
    return text == "true"


def payload_version(settings: Properties, name: str, default: PayloadVersion) -> PayloadVersion:
    """Return the version of the event that a function gets.

    Raises:
        TemplateError: it is another one.
    """
    return cast("PayloadVersion", settings.choice(name, ("1.0", "2.0")) or default)


def texts_by_name(settings: Properties | None) -> dict[str, str]:
    """Return the entries of a mapping whose values are texts; unknown ones are reported and left out."""
    if settings is None:
        return {}
    found = {name: settings.text(name) for name in settings.entries}
    return {name: text for name, text in found.items() if text is not None}


def unquoted(text: str) -> str:
    """Return a static value of a mapping expression, `'*'`, without its quotes; others as they are."""
    is_static = len(text) > 1 and text[0] == text[-1] == "'"
    return text[1:-1] if is_static else text


def mappings_of(settings: Properties) -> Iterator[tuple[str, Properties]]:
    """Yield the entries of a mapping that are mappings themselves; unknown ones are reported."""
    for name in settings.entries:
        if (entry := settings.mapping(name)) is not None:
            yield name, entry


def skipped(what: str, error: ProjectError) -> Diagnostic:
    """Return the diagnostic for a part of an API that is left out because of an error."""
    return _about(f"skipping {what}", error)


def refused(what: str, error: ProjectError) -> Diagnostic:
    """Return the diagnostic for a part of an API that refuses all requests because of an error."""
    return _about(f"requests to {what} are refused", error)


def _about(what: str, error: ProjectError) -> Diagnostic:
    diagnostic = error_diagnostic(error)
    message = f"{what}: {diagnostic.message}"
    return Diagnostic(message=message, place=diagnostic.place, hint=diagnostic.hint)
