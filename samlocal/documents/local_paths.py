"""The paths that documents name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from samlocal.documents.read_files import note_file
from samlocal.errors import TemplateError
from samlocal.path_kinds import is_encodable

if TYPE_CHECKING:
    from pathlib import Path

    from samlocal.errors import Place, ProjectError

_SHOWN: Final = 80  # characters of a path in a message


def local_path(
    directory: Path, text: str, place: Place, *, error: type[ProjectError] = TemplateError
) -> Path:
    """Return the path that the text at `place` names, from `directory` if it is relative.

    Nothing need be there. Links and `..` stay.

    Raises:
        `error`: The system does not take the path: it has a NUL, is too long, or is below a link to itself.
    """
    path = directory / text
    shown = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
    if not is_encodable(path):
        escaped = shown.encode("unicode_escape").decode()
        raise error(f"`{escaped}` is not a path: no file name has such characters", place=place)
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        pass  # said by who reads it
    except OSError as exc:
        note_file(path)
        raise error(f"`{shown}` cannot be read: {exc.strerror}", place=place) from exc
    return path
