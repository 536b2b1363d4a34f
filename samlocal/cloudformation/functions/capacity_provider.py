"""`CapacityProviderConfig` of a function, in the forms of SAM and of CloudFormation.

https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-property-function-capacityproviderconfig.html
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-lambda-function-lambdamanagedinstancescapacityproviderconfig.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from samlocal.function import DEFAULT_GIB_PER_VCPU, MAX_CONCURRENCY, CapacityProvider

if TYPE_CHECKING:
    from samlocal.cloudformation.functions.properties import Properties

_GIB_PER_VCPU: Final = (2, 8)
_PROPERTY: Final = "CapacityProviderConfig"
_NESTED: Final = "LambdaManagedInstancesCapacityProviderConfig"


def read_capacity_provider(properties: Properties) -> CapacityProvider | None:
    """Return the capacity provider of a function; None if it has none.

    Raises:
        TemplateError: a property of it has a value that Lambda refuses.
    """
    config = properties.mapping(_PROPERTY)
    if config is None:
        return None
    place = properties.node.place_of(_PROPERTY)
    if _NESTED in config.entries:  # in CloudFormation
        config = config.mapping(_NESTED)
    if config is None:
        return CapacityProvider(place=place)
    least, most = _GIB_PER_VCPU
    return CapacityProvider(
        place=place,
        max_concurrency=config.optional_integer(
            "PerExecutionEnvironmentMaxConcurrency", least=1, most=MAX_CONCURRENCY
        ),
        gib_per_vcpu=config.number(
            "ExecutionEnvironmentMemoryGiBPerVCpu", DEFAULT_GIB_PER_VCPU, least=least, most=most
        ),
    )
