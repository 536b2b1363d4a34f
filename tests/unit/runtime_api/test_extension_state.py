from __future__ import annotations

import pytest

from samlocal.runtime_api.extension_state import (
    ExtensionState,
    IllegalExtensionCallError,
    move,
)

# What an extension may do, as the runtime interface emulator has it.
LEGAL = """
    Started Registered
    Registered Ready
    Registered InitError
    Registered ExitError
    Ready Running
    Ready ExitError
    Running Ready
    Running ExitError
    InitError InitError
    ExitError ExitError
"""
STATES = list(ExtensionState)


@pytest.mark.parametrize("current", STATES, ids=lambda state: state.value)
@pytest.mark.parametrize("wanted", STATES, ids=lambda state: state.value)
def test_only_legal_transitions_are_made(current: ExtensionState, wanted: ExtensionState) -> None:
    """Every pair of states is a legal transition or is refused."""
    if f"{current.value} {wanted.value}" in {line.strip() for line in LEGAL.splitlines()}:
        assert move(current, wanted, "agent") is wanted
        return
    with pytest.raises(IllegalExtensionCallError) as caught:
        move(current, wanted, "agent")
    name = "Exited" if wanted is ExtensionState.EXIT_ERROR else wanted.value
    assert str(caught.value) == (
        f"State transition from {current.value} to {name} failed for extension agent."
        " Error: State transition is not allowed"
    )
