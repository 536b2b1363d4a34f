"""What variables refer to outside of the configuration."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING

from samlocal.frozen_dataclass import frozen

if TYPE_CHECKING:
    from collections.abc import Mapping

    from samlocal.aws_account import Account
    from samlocal.cloudformation.intrinsics.dynamic_references import GivenValues, TypedValueSource


@frozen
class VariableContext:
    """The command's options and this machine's values.

    `options` are those of the command line as `${opt:NAME}` sees them, with `stage` and `region` if they are
    given; `params` are those of `--param`. `environment` is the shell's. `given` has the values of
    `--resolve-file`, and `remote` those of AWS, if `--resolve-remote` allows it.
    """

    options: Mapping[str, str] = field(default_factory=dict)
    params: Mapping[str, str] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    account: Account | None = None
    given: GivenValues | None = None
    remote: TypedValueSource | None = None
