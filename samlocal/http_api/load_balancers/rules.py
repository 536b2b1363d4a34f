"""The rules of a load balancer's listeners, and which of them a request meets.

https://docs.aws.amazon.com/elasticloadbalancing/latest/application/rule-condition-types.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import TYPE_CHECKING, Final

from samlocal.http_api.exchange import HttpRequest
from samlocal.http_api.wildcards import compile_wildcards
from samlocal.regular_expressions import compile_expression

if TYPE_CHECKING:
    from collections.abc import Iterable

    from samlocal.project.apis import Route, RuleCondition


Test = Callable[[HttpRequest], bool]


class RuleTable:
    """The rules in the order of their priority; a listener's default action, which has none, comes last."""

    def __init__(self, routes: Iterable[Route]) -> None:
        ordered = sorted(routes, key=lambda each: (each.priority is None, each.priority or 0))
        self._rules = tuple(_Rule(each) for each in ordered)

    def find(self, request: HttpRequest) -> Route | None:
        """Return the first rule all of whose conditions the request meets."""
        return next((each.route for each in self._rules if each.matches(request)), None)


class _Rule:
    def __init__(self, route: Route) -> None:
        self.route = route
        self._conditions = tuple(map(_read_condition, route.conditions))

    def matches(self, request: HttpRequest) -> bool:
        return all(is_met(request) for is_met in self._conditions)


def _read_condition(condition: RuleCondition) -> Test:
    """Return the test for a condition, which one of its values is enough to meet; what is not known is never met."""
    read = _READERS.get(condition.field)
    return read(condition) if read else lambda _: False


def _text_test(condition: RuleCondition, *, ignores_case: bool) -> Callable[[str], bool]:
    """Return the test of a text. Regular expressions may match any part of it, and do not ignore case."""
    if condition.expressions:
        searches = [compile_expression(each).search for each in condition.expressions]
        return lambda text: any(search(text) for search in searches)
    values = compile_wildcards(condition.values, ignores_case=ignores_case)
    return lambda text: values.fullmatch(text) is not None


def _path_test(condition: RuleCondition) -> Test:
    has = _text_test(condition, ignores_case=False)
    return lambda request: has(request.prefix + request.path)


def _host_test(condition: RuleCondition) -> Test:
    """Return the test of the host; a regular expression may have its port, which others do without on AWS."""
    has = _text_test(condition, ignores_case=True)
    if condition.expressions:
        return lambda request: has(request.host) or has(_host_name(request))
    return lambda request: has(_host_name(request))


def _header_test(condition: RuleCondition) -> Test:
    name, has = condition.name or "", _text_test(condition, ignores_case=True)
    return lambda request: any(map(has, request.all_values(name)))


def _method_test(condition: RuleCondition) -> Test:
    return lambda request: request.method in condition.values


def _query_test(condition: RuleCondition) -> Test:
    values = compile_wildcards(condition.values, ignores_case=True)
    return lambda request: _has_parameter(request.query, condition.name, values)


def _source_test(condition: RuleCondition) -> Test:
    networks = [ip_network(each, strict=False) for each in condition.values]
    return lambda request: _is_in(request.source_ip, networks)


_READERS: Final[Mapping[str, Callable[[RuleCondition], Test]]] = {
    "path-pattern": _path_test,
    "host-header": _host_test,
    "http-header": _header_test,
    "http-request-method": _method_test,
    "query-string": _query_test,
    "source-ip": _source_test,
}


def _host_name(request: HttpRequest) -> str:
    """Return the host that the client named, without its port."""
    return re.sub(r":\d+\Z", "", request.host)


def _has_parameter(query: str, name: str | None, values: re.Pattern[str]) -> bool:
    for part in query.split("&"):
        own, _, value = part.partition("=")
        if (name is None or own.lower() == name.lower()) and values.fullmatch(value):
            return True
    return False


def _is_in(address: str, networks: list[IPv4Network | IPv6Network]) -> bool:
    try:
        client = ip_address(address)
    except ValueError:
        return False
    return any(client in each for each in networks)
