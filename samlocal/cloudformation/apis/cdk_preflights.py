"""Responses to preflights by which the CDK allows several origins.

The first origin is a static header. The CDK replaces it by a mapping template, the only one that it writes itself:
https://github.com/aws/aws-cdk/blob/main/packages/aws-cdk-lib/aws-apigateway/lib/resource.ts
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

# Earlier versions of the CDK read the header in another way, and compared by regular expressions.
_READ: Final = r"#set\(\$origin = \$input\.params\((?:\)\.header\.get\()?\"%s\"\)\)"
_TEMPLATE: Final = re.compile(
    rf"\s*{_READ % 'Origin'}\s*#if\(\$origin == \"\"\)\s*{_READ % 'origin'}\s*#end"
    r"\s*#if\((?P<conditions>[^\n]+)\)"
    r"\s*#set\(\$context\.responseOverride\.header\.Access-Control-Allow-Origin = \$origin\)\s*#end\s*"
)
_CONDITION: Final = re.compile(
    r"\$origin(?: == \"(?P<origin>[^\"]+)\"|\.matches\(\"(?P<pattern>[^\"]+)\"\))"
)
_OR: Final = " || "


def read_origins(templates: Mapping[str, str]) -> tuple[str, ...]:
    """Return regular expressions for the origins that the only template of a response allows; none if it is another."""
    if len(templates) != 1:
        return ()
    found = _TEMPLATE.fullmatch(next(iter(templates.values())))
    if found is None:
        return ()
    conditions = [_CONDITION.fullmatch(each) for each in found["conditions"].split(_OR)]
    patterns = [each["pattern"] or re.escape(each["origin"]) for each in conditions if each]
    return tuple(patterns) if len(patterns) == len(conditions) else ()
