"""What is said about a project or a function that is no error."""

from __future__ import annotations

from typing import TYPE_CHECKING

from samlocal.frozen_dataclass import frozen

if TYPE_CHECKING:
    from samlocal.errors import MissingParameter, Place


@frozen
class Diagnostic:
    """Something that was dropped, guessed or is about to surprise: said once on stderr.

    `variables` are the environment variables that it is about, if it is: nobody wants to hear of it
    where all of them have their values from elsewhere. `missing` are the parameters that would mend it, and
    `causes` are to be said before it, once.
    """

    message: str
    place: Place | None = None
    hint: str | None = None
    variables: tuple[str, ...] = ()
    missing: tuple[MissingParameter, ...] = ()
    causes: tuple[Diagnostic, ...] = ()
