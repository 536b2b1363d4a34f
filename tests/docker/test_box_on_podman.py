"""What of a function's box an engine makes in its own way, on Podman."""

from __future__ import annotations

from tests.docker.test_box import (
    samlocal,
    test_cpu_is_in_proportion_to_memory,
    test_layers_are_read_only,
    test_no_limits,
    test_other_runtimes_work_in_a_strict_box,
    test_strict_box,
    test_strict_tmp_is_full_at_its_size,
)

ENGINES = ("podman",)

__all__ = [
    "samlocal",
    "test_cpu_is_in_proportion_to_memory",
    "test_layers_are_read_only",
    "test_no_limits",
    "test_other_runtimes_work_in_a_strict_box",
    "test_strict_box",
    "test_strict_tmp_is_full_at_its_size",
]
