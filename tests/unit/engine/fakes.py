"""An engine for tests, with any given attributes and the error translation of the real one."""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

from samlocal.engine.engine import Engine


class _FakeEngine(SimpleNamespace):
    address = "unix:///engine.sock"
    translated_errors = Engine.translated_errors


def fake_engine(**attributes: object) -> Engine:
    return cast("Engine", _FakeEngine(**attributes))
