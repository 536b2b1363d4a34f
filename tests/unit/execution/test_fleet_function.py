from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from samlocal.execution.fleet.fleet_function import FleetFunction
from samlocal.sandbox.debugging import DebugSettings
from samlocal.sandbox.sandbox import Debugger
from tests.functional.execution.fakes import RecordingLog, configuration
from tests.unit.sandbox.specs import CONTAINER, SANDBOX

if TYPE_CHECKING:
    from samlocal.sandbox.container_spec import ContainerSpec

DEBUGGER = Debugger(name="debugpy", ports=(5890,))


@pytest.mark.parametrize(
    ("spec", "is_debugged"),
    [
        pytest.param(CONTAINER, False, id="no debugger"),
        pytest.param(
            replace(CONTAINER, sandbox=replace(SANDBOX, debugger=DEBUGGER)), True, id="debugger"
        ),
        pytest.param(
            replace(CONTAINER, debug=DebugSettings(ports=(5890,))), True, id="image to be read"
        ),
    ],
)
def test_debugged(spec: ContainerSpec, *, is_debugged: bool) -> None:
    """A function is debugged also where its image, which is not known yet, decides how."""
    function = FleetFunction(
        key="Ratings",
        fingerprint="1",
        spec=spec,
        configuration=configuration(),
        log=RecordingLog(),
    )
    assert function.is_debugged is is_debugged
