"""The specs of both kinds of sandbox."""

from samlocal.sandbox.container_spec import ContainerSpec
from samlocal.sandbox.process_spec import ProcessSpec

Spec = ContainerSpec | ProcessSpec
