"""Variables of a configuration, resolved on its nodes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from samlocal.documents.document import compose
from samlocal.documents.scalars import parse_core_scalar
from samlocal.serverless.configuration import Configuration
from samlocal.serverless.variables.context import VariableContext
from samlocal.serverless.variables.variables import Variables

if TYPE_CHECKING:
    from collections.abc import Mapping

NOWHERE = Path("/nonexistent/serverless.yml")


def variables_of(
    text: str,
    *,
    path: Path = NOWHERE,
    options: Mapping[str, str] | None = None,
    params: Mapping[str, str] | None = None,
    shell: Mapping[str, str] | None = None,
) -> Variables:
    root = compose(text, path, schema=parse_core_scalar).root
    context = VariableContext(options=options or {}, params=params or {}, environment=shell or {})
    return Variables(Configuration(path=path, root=root), context)


def resolved(variables: Variables, *path: str) -> object:
    node = variables.at(*path)
    return None if node is None else variables.resolve(node).plain()


CONFIGURATION = r"""
service: svc
provider: {name: aws, runtime: python3.12, none: ~}
custom:
  text: a b
  empty: ''
  zero: 0
  no: false
  yes: true
  half: 1.50
  list: [x, 1, true, ~]
  nested: [x, [1, [2]]]
  things: [{name: a}, {name: "${self:service}"}]
  object: {a: {b: "${self:custom.text}"}}
  pointer: ${self:custom.object}
  key: text
  escaped: \${self:service}
  dotted.key: unreachable
x: VARIABLE
"""


@pytest.mark.parametrize(
    ("written", "value"),
    [
        pytest.param("${self:service}", "svc", id="text"),
        pytest.param("${self:custom.half}", 1.5, id="number"),
        pytest.param("${self:custom.yes}", True, id="boolean"),
        pytest.param("${self:custom.list}", ["x", 1, True, None], id="list"),
        pytest.param("${self:custom.object}", {"a": {"b": "a b"}}, id="mapping"),
        pytest.param("${self:custom.pointer.a.b}", "a b", id="through a variable"),
        pytest.param("${self:custom.list.1}", 1, id="index"),
        pytest.param("${self:custom.things.1.name}", "svc", id="in a list"),
        pytest.param("${self:custom.list.9, 'd'}", "d", id="index beyond"),
        pytest.param("${self:custom.list.01, 'd'}", "d", id="not an index"),
        pytest.param("${self:custom.text.0, 'd'}", "d", id="text has no items"),
        pytest.param("${self:custom.dotted.key, 'd'}", "d", id="key with a dot"),
        pytest.param("${self:custom.${self:custom.key}}", "a b", id="nested address"),
        pytest.param("${self:provider.none, 'd'}", "d", id="null moves on"),
        pytest.param("${self:none, self:custom.none, 'd'}", "d", id="absent moves on"),
        pytest.param("${self:custom.no, 'd'}", False, id="false does not"),
        pytest.param("${self:custom.zero, 'd'}", 0, id="zero does not"),
        pytest.param("${self:custom.empty, 'd'}", "", id="empty text does not"),
        pytest.param("${self:none, null}", None, id="null at last"),
        pytest.param("${self:provider.stage, 'd'}", "d", id="defaults are not there"),
        pytest.param("${self:service.name, 'd'}", "d", id="text has no keys"),
        pytest.param("a-${self:service}-${self:custom.half}-${self:custom.no}", "a-svc-1.5-false", id="within a text"),
        pytest.param("<${self:custom.list}>", "<x,1,true,>", id="list within a text"),
        pytest.param("<${self:custom.nested}>", "<x,1,2>", id="nested list within a text"),
        pytest.param("${Foo.${self:service}}", "${Foo.svc}", id="within literal text"),
        pytest.param(r"\${self:service}", "${self:service}", id="escaped"),
        pytest.param(r"\\${self:service}", "\\svc", id="escaped backslash"),
        pytest.param("$${self:service}", "$svc", id="dollar"),
        pytest.param("${self:custom.escaped}", "${self:service}", id="escaped elsewhere"),
        pytest.param("${opt:stage}", "prod", id="option"),
        pytest.param("${opt:other, 'd'}", "d", id="no option"),
        pytest.param("${sls:stage}", "prod", id="stage"),
        pytest.param("${env:EMPTY, 'd'}", "", id="empty environment variable"),
        pytest.param("${env:NONE, 'd'}", "d", id="no environment variable"),
        pytest.param("${env:HOLDS}", "svc-a b", id="value that holds variables"),
        pytest.param("${env:WHOLE}", False, id="value that is a variable"),
        pytest.param("${env:ESCAPED}", "${self:service}", id="value with an escape"),
        pytest.param("${env:HALF}${env:REST}", "${self:service}", id="no variable of two halves"),
        pytest.param("${strToBool(${env:ONE})}", True, id="boolean of a variable"),
        pytest.param("${strToBool(FALSE)}", False, id="boolean of a word"),
        pytest.param("${strToBool(1)}", True, id="boolean of a number"),
        pytest.param("${strToBool(' true ')}", True, id="boolean of a quoted text"),
        pytest.param("${param:given}", "from --param", id="parameter"),
    ],
)  # fmt: skip
def test_a_variable_gives_its_value(written: str, value: object) -> None:
    """A whole variable has the type of its value; within a text it is what JavaScript makes of it."""
    shell = {
        "EMPTY": "",
        "HOLDS": "${self:service}-${self:custom.text}",
        "WHOLE": "${self:custom.no}",
        "ESCAPED": r"\${self:service}",
        "HALF": "$",
        "REST": "{self:service}",
        "ONE": "1",
    }
    variables = variables_of(
        CONFIGURATION.replace("VARIABLE", f"'{written.replace(chr(39), chr(39) * 2)}'"),
        options={"stage": "prod"},
        params={"given": "from --param"},
        shell=shell,
    )
    found = resolved(variables, "x")
    assert found == value
    assert type(found) is type(value)
