"""Functions on Lambda Managed Instances, whose environments serve several invocations at once.

https://docs.aws.amazon.com/lambda/latest/dg/lambda-managed-instances-runtimes.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from samlocal.diagnostics import Diagnostic

if TYPE_CHECKING:
    from samlocal.function import CapacityProvider, Function

_LEAST_MEMORY_MB: Final = 2048
_MB_OF_ONE_GIB: Final = 1024


def choose_concurrency(
    function: Function, provider: CapacityProvider, *, debugging: bool
) -> tuple[int | None, tuple[Diagnostic, ...]]:
    """Return how many invocations one environment serves at once, and diagnostics.

    None means that the function is initialised on demand all the same: Lambda does not offer managed
    instances for its runtime, or a debugger attaches to its one process.
    """
    if debugging:
        return None, (_diagnostic(function, provider, "while it is debugged"),)
    by_vcpu: int | None = 1  # the runtime in an image is not known
    if function.runtime is not None:
        from samlocal.runtimes import find_runtime

        by_vcpu = find_runtime(function.runtime, place=function.place).managed_concurrency
    if by_vcpu is None:
        message = f"because Lambda does not offer managed instances for `{function.runtime}`"
        return None, (_diagnostic(function, provider, message),)
    vcpus = max(1, int(function.memory_mb / _MB_OF_ONE_GIB / provider.gib_per_vcpu))
    return provider.max_concurrency or by_vcpu * vcpus, _memory_diagnostics(function, provider)


def _diagnostic(function: Function, provider: CapacityProvider, reason: str) -> Diagnostic:
    return Diagnostic(
        message=f"`{function.logical_id}` handles one invocation at a time {reason}",
        place=provider.place,
    )


def _memory_diagnostics(function: Function, provider: CapacityProvider) -> tuple[Diagnostic, ...]:
    if function.memory_mb >= _LEAST_MEMORY_MB:
        return ()
    message = (
        f"`{function.logical_id}` has {function.memory_mb} MB:"
        f" managed instances need {_LEAST_MEMORY_MB} MB or more"
    )
    return (Diagnostic(message=message, place=provider.place, hint="raise `MemorySize`"),)
