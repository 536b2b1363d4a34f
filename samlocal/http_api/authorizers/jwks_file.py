"""The file of `--jwks`: keys that sign tokens, as a JSON Web Key Set or as one set for each issuer.

https://datatracker.ietf.org/doc/html/rfc7517#section-5
"""

from __future__ import annotations

from dataclasses import field
from io import BytesIO
from typing import TYPE_CHECKING, Final

from samlocal.documents.input_files import InputKind, decode, named_input, parse_json, read_input
from samlocal.errors import UsageError
from samlocal.frozen_dataclass import frozen

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_KIND: Final = InputKind(noun="JWKS file", error=UsageError, max_bytes=4 * 1024 * 1024)
_HINT: Final = (
    'it has `{"keys": […]}`, or such an object for each issuer:'
    ' `{"https://issuer.example": {"keys": […]}}`'
)


@frozen
class LocalKeys:
    """JSON Web Keys of a file: of certain issuers, or of any issuer."""

    path: Path
    by_issuer: Mapping[str, tuple[Mapping[str, object], ...]] = field(default_factory=dict)
    of_any_issuer: tuple[Mapping[str, object], ...] | None = None

    def find(self, issuer: str) -> tuple[Mapping[str, object], ...] | None:
        """Return the keys of an issuer; None if the file has none for it."""
        return self.by_issuer.get(issuer, self.of_any_issuer)


def read_local_keys(path: Path) -> LocalKeys:
    """Return the keys of a file.

    Raises:
        UsageError: The file cannot be read, or is neither a key set nor key sets by issuer.
    """
    source = named_input(str(path), _KIND)
    content = read_input(str(path), _KIND, stdin=BytesIO())
    if len(content) > _KIND.max_bytes:
        raise source.error(f"the JWKS file has more than {_KIND.max_bytes} bytes")
    document = parse_json(decode(content, source), source)
    try:
        if isinstance(document, dict) and "keys" not in document and document:
            sets = {issuer: read_key_set(keys) for issuer, keys in document.items()}
            return LocalKeys(path=path, by_issuer=sets)
        return LocalKeys(path=path, of_any_issuer=read_key_set(document))
    except ValueError as error:
        raise source.error(f"the file is not a JSON Web Key Set: {error}", hint=_HINT) from error


def read_key_set(document: object) -> tuple[Mapping[str, object], ...]:
    """Return the keys of a JSON Web Key Set.

    Raises:
        ValueError: It is not one.
    """
    keys = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(keys, list):
        raise ValueError("it has no list `keys`")  # noqa: TRY004  # a value from a file
    for index, key in enumerate(keys):
        if not isinstance(key, dict) or not isinstance(key.get("kty"), str):
            raise ValueError(f"`keys[{index}]` is not an object with a `kty`")  # noqa: TRY004
    return tuple(keys)
