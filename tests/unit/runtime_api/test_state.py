from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samlocal.runtime_api.state import InvalidStateTransitionError, RuntimeState, move

# What a runtime may do, as https://docs.aws.amazon.com/lambda/latest/dg/runtimes-custom.html tells it:
# initialise or fail to; then again and again take an event and answer it. With SnapStart it waits for its
# restore in between: https://docs.aws.amazon.com/lambda/latest/dg/snapstart-runtime-hooks.html
LEGAL = """
    Started Ready
    Started InitError
    Started RestoreReady
    RestoreReady RestoreReady
    RestoreReady Restoring
    Restoring RestoreReady
    Restoring Restoring
    Restoring RuntimeRestoreErrorState
    Restoring Ready
    Ready Ready
    Ready Running
    Running Running
    Running InvocationResponse
    Running InvocationErrorResponse
    InvocationResponse ResponseSent
    InvocationErrorResponse ResponseSent
    ResponseSent Ready
"""
STATES = list(RuntimeState)


@pytest.mark.parametrize("current", STATES, ids=lambda state: state.value)
@pytest.mark.parametrize("wanted", STATES, ids=lambda state: state.value)
def test_only_legal_transitions_are_made(current: RuntimeState, wanted: RuntimeState) -> None:
    """Every pair of states is a legal transition or is refused."""
    if f"{current.value} {wanted.value}" in {line.strip() for line in LEGAL.splitlines()}:
        assert move(current, wanted) is wanted
    else:
        with pytest.raises(InvalidStateTransitionError) as caught:
            move(current, wanted)
        assert str(caught.value) == (
            f"State transition from {current.value} to {wanted.value} failed for runtime."
            " Error: State transition is not allowed"
        )


@given(st.lists(st.sampled_from(STATES), max_size=60))
def test_each_event_is_answered_once(tries: list[RuntimeState]) -> None:
    """Each event is answered once in any order of calls, and none after a failed Init."""
    state = RuntimeState.STARTED
    history = [state]
    for wanted in tries:
        try:
            state = move(state, wanted)
        except InvalidStateTransitionError:
            continue
        history.append(state)

    telling = {RuntimeState.RUNNING, RuntimeState.RESPONSE_SENT, RuntimeState.INIT_ERROR}
    turns = [each for each in history if each in telling]
    assert all(
        before is RuntimeState.RUNNING
        for before, after in pairwise([None, *turns])
        if after is RuntimeState.RESPONSE_SENT
    )
    assert RuntimeState.INIT_ERROR not in history[:-1]
