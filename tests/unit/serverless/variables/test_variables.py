"""Variables of a configuration, resolved on its nodes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samlocal.errors import TemplateError, VariableError
from samlocal.serverless.variables import sources
from tests.unit.serverless.variables.services import resolved, variables_of

if TYPE_CHECKING:
    from pathlib import Path

    from samlocal.serverless.variables.source import SourceRequest

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
        pytest.param("${self:none, 'a-${self:service}'}", "a-svc", id="variable in a fallback"),
        pytest.param("${self:none, '${self:custom.half}'}", 1.5, id="variable as quoted fallback"),
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


@pytest.mark.parametrize(
    ("literal", "text"),
    [
        pytest.param("1.50", "1.5", id="fraction"),
        pytest.param("1.0", "1", id="whole"),
        pytest.param("-0", "0", id="zero"),
        pytest.param("1e21", "1e+21", id="large"),
        pytest.param("0.0000001", "1e-7", id="small"),
        pytest.param("12345678901234567890", "12345678901234567000", id="more digits than a double has"),
        pytest.param("true", "true", id="boolean"),
    ],
)  # fmt: skip
def test_numbers_within_a_text_are_written_as_in_javascript(literal: str, text: str) -> None:
    """A number of the configuration and one in a variable give the same text."""
    variables = variables_of(f"n: {literal}\na: <${{self:n}}>\nb: <${{self:none, {literal}}}>")
    assert (resolved(variables, "a"), resolved(variables, "b")) == (f"<{text}>", f"<{text}>")


def test_keys_are_not_resolved() -> None:
    """Only values hold variables."""
    variables = variables_of("service: svc\nx:\n  ${self:service}: ${self:service}")
    assert resolved(variables, "x") == {"${self:service}": "svc"}


def test_a_value_has_the_place_of_its_text() -> None:
    """An error about a value points at the text that refers to it, and one inside of it at itself."""
    variables = variables_of("x:\n  y: ${self:z}\nz: {a: b}\n")
    node = variables.at("x", "y")
    assert node is not None
    assert str(node.place) == "/nonexistent/serverless.yml:2:6"
    assert str(node.place_of("a")) == "/nonexistent/serverless.yml:3:5"
    assert str(variables.resolve(node).place) == "/nonexistent/serverless.yml:2:6"


def test_at_leaves_the_inside_as_it_is_written() -> None:
    """The variables inside of a mapping are not resolved before they are needed."""
    variables = variables_of("a: ${self:b}\nb: {c: '${env:NONE}', d: e}")
    node = variables.at("a")
    assert node is not None
    assert node.plain() == {"c": "${env:NONE}", "d": "e"}
    assert resolved(variables, "a", "d") == "e"
    with pytest.raises(VariableError):
        variables.resolve(node)


def test_what_holds_no_variables_stays_the_same_node() -> None:
    """A mapping without variables is neither copied nor parsed."""
    variables = variables_of("a: {b: [c, {d: e}]}")
    node = variables.at("a")
    assert node is not None
    assert variables.resolve(node) is node


def test_version_4_takes_variables_as_fallbacks(tmp_path: Path) -> None:
    """The version is that of the package beside the service, else the one that the service asks for."""
    path = tmp_path / "serverless.yml"
    text = "frameworkVersion: '^VERSION.0.0'\nx: ${opt:a, ${self:b, ${self:c}}}\nc: d"
    assert resolved(variables_of(text.replace("VERSION", "4"), path=path), "x") == "d"
    with pytest.raises(VariableError, match="a variable cannot be a fallback itself"):
        variables_of(text.replace("VERSION", "3"), path=path).at("x")
    package = tmp_path / "node_modules/serverless/package.json"
    package.parent.mkdir(parents=True)
    package.write_text('{"version": "4.1.0"}')
    assert resolved(variables_of(text.replace("VERSION", "3"), path=path), "x") == "d"


def test_a_value_is_resolved_once() -> None:
    """Whoever asks again gets the same node."""
    variables = variables_of("a: {b: '${self:c}'}\nc: {d: '${sls:instanceId}'}")
    node = variables.at("a")
    assert node is not None
    assert variables.resolve(node) is variables.resolve(node)
    assert variables.at("a", "b") is variables.at("a", "b")


def test_one_function_needs_only_its_own_variables() -> None:
    """What another function lacks does not matter."""
    variables = variables_of(
        "functions:\n  one: {handler: '${self:custom.handler}'}\n  two: {handler: '${env:NONE}'}\n"
        "custom: {handler: a.b, broken: '${self:x'}"
    )
    assert resolved(variables, "functions", "one") == {"handler": "a.b"}


def test_all_failures_are_found() -> None:
    """Each failing variable is named once, in the order of the file, however many values need it."""
    variables = variables_of(
        "a: ${env:NONE}\nb: ${self:a}\nc: ok ${self:d}\nd: text\ne: ['${self:x', '${self:b}']\nf: ${no:f}"
    )
    found = [
        str(error).removeprefix("/nonexistent/serverless.yml:") for error in variables.failures()
    ]
    assert found == [
        "1:4: cannot resolve `${env:NONE}`: `env:NONE` has no value",
        "5:5: malformed variable: `${self:x` is not closed",
        "6:4: cannot resolve `${no:f}`: unrecognized configuration variable source `no`",
    ]


def test_a_file_that_cannot_be_read_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    """Errors of a source that are about its own file are found with all the others."""

    def broken(request: SourceRequest, _variables: object) -> None:
        raise TemplateError("not valid YAML", place=request.node.place)

    monkeypatch.setitem(sources._found, "broken", broken)
    variables = variables_of("a: ${broken:x}\nb: ${self:a}\nc: ${env:NONE}")
    assert [error.message for error in variables.failures()] == [
        "not valid YAML",
        "cannot resolve `${env:NONE}`: `env:NONE` has no value",
    ]


def test_a_service_without_failures_has_none() -> None:
    """Nothing is reported for variables that have values."""
    assert variables_of("service: a\nb: ${self:service}").failures() == ()


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        pytest.param("x: ${self:custm.a, opt:b}\ncustom: {a: 1}", "1:4: cannot resolve `${self:custm.a, opt:b}`: `self:custm.a` and `opt:b` have no value", "did you mean `custom`?", id="similar key"),
        pytest.param("x: ${self:custom.tabel}\ncustom: {table: 1}", "1:4: cannot resolve `${self:custom.tabel}`: `self:custom.tabel` has no value", "did you mean `custom.table`?; give it a fallback: `${self:custom.tabel, 'value'}`", id="similar key below"),
        pytest.param("x: ${env:NONE}", "1:4: cannot resolve `${env:NONE}`: `env:NONE` has no value", "set the environment variable `NONE`; give it a fallback: `${env:NONE, 'value'}`", id="environment variable"),
        pytest.param("x: a${opt:b}", "1:4: cannot resolve `${opt:b}`: `opt:b` has no value", "give the option `--b`; give it a fallback: `${opt:b, 'value'}`", id="option"),
        pytest.param("x: ${param:p}", "1:4: cannot resolve `${param:p}`: `param:p` has no value", "give it with `--param p=…`, or under `params` in the configuration; give it a fallback: `${param:p, 'value'}`", id="parameter"),
        pytest.param("x: ${slef:a, 'b'}", "1:4: cannot resolve `${slef:a, 'b'}`: unrecognized configuration variable source `slef`", "did you mean `self`?", id="unknown source"),
        pytest.param("x: ${env:}", "1:4: cannot resolve `${env:}`: the address is missing", "write `env:NAME`", id="no address"),
        pytest.param("x: ${env:${self:y}}\ny: [a]", "1:4: cannot resolve `${env:${self:y}}`: the address is a list, not text", "an address is text: `self:custom.name`", id="list as address"),
        pytest.param("x: ${sls:stag}", "1:4: cannot resolve `${sls:stag}`: `stag` is not a value of `sls`", "did you mean `stage`?", id="value of sls"),
        pytest.param("x: ${strToBool(yes), true}", "1:4: cannot resolve `${strToBool(yes), true}`: `yes` is not a boolean", "it takes `true`, `1`, `false` and `0`", id="no boolean"),
        pytest.param("x: ${strToBool()}", "1:4: cannot resolve `${strToBool()}`: nothing is not a boolean", "it takes `true`, `1`, `false` and `0`", id="nothing as boolean"),
        pytest.param("x: a${self:y}\ny: {z: 1}", "1:4: `${self:y}` is a mapping, which cannot be part of a text", "only text, numbers, booleans and lists of them can be part of a text", id="mapping within a text"),
        pytest.param("x: a${self:y}\ny: [{z: 1}]", "1:4: `${self:y}` is a list, which cannot be part of a text", "only text, numbers, booleans and lists of them can be part of a text", id="mappings within a text"),
        pytest.param("x: a${self:y, null}", "1:4: `${self:y, null}` is empty, which cannot be part of a text", "only text, numbers, booleans and lists of them can be part of a text", id="null within a text"),
        pytest.param("x: ${self:x}", "1:4: `${self:x}` refers to itself", "it needs another source: `${opt:name, 'value'}`", id="itself"),
        pytest.param("x: ${self:y}\ny: a${self:z}\nz: '${self:x}'", "1:4: variables refer to each other in a circle: `${self:y}` (/nonexistent/serverless.yml:1:4) → `a${self:z}` (/nonexistent/serverless.yml:2:4) → `${self:x}` (/nonexistent/serverless.yml:3:4) → `${self:y}`", "one of them needs a value of its own", id="circle"),
        pytest.param("x: {y: '${self:}'}", "1:8: `${self:}` refers to itself", "it needs another source: `${opt:name, 'value'}`", id="everything in itself"),
        pytest.param("x: ${env:LOOP}", "1:4: cannot resolve `${env:LOOP}`: values of variables hold variables, more than 10 levels deep", r"a value that is text, not a variable, has `\${` for each `${`", id="value that holds itself"),
    ],
)  # fmt: skip
def test_a_variable_without_a_value_is_an_error(text: str, message: str, hint: str) -> None:
    """The error names the variable as it is written, its place, and the remedy."""
    variables = variables_of(text, shell={"LOOP": "${env:LOOP}"})
    with pytest.raises(VariableError) as caught:
        resolved(variables, "x")
    assert str(caught.value) == f"/nonexistent/serverless.yml:{message}"
    assert caught.value.hint == hint


def test_an_error_is_the_same_when_it_is_asked_for_again() -> None:
    """A value that cannot be resolved is not tried again, and names the first place."""
    variables = variables_of("x: ${self:y}\ny: ${env:NONE}")
    messages = []
    for key in ("x", "y", "x"):
        with pytest.raises(VariableError) as caught:
            variables.at(key)
        messages.append(str(caught.value))
    assert set(messages) == {
        "/nonexistent/serverless.yml:2:4: cannot resolve `${env:NONE}`: `env:NONE` has no value"
    }


def test_values_that_hold_each_other_are_an_error() -> None:
    """Fifty references one after the other are fine, and a thousand do not crash."""
    chain = "".join(f"k{n}: '${{self:k{n + 1}}}'\n" for n in range(1000))
    variables = variables_of(chain + "k1000: end")
    assert resolved(variables, "k950") == "end"
    with pytest.raises(VariableError, match="values nest too deeply"):
        variables_of(chain + "k1000: end").at("k0")


@pytest.mark.parametrize(
    ("text", "place"),
    [
        pytest.param("x: a${self:y\n", "1:5", id="plain"),
        pytest.param("x: 'a${self:y'\n", "1:6", id="quoted"),
        pytest.param("x: |\n  line\n  a ${self:y\n", "3:5", id="literal block"),
        pytest.param("x: >-\n  a ${self:y\n", "2:5", id="folded block"),
        pytest.param("x: 'it''s ${self:y'\n", "1:4", id="text that the file writes otherwise"),
    ],
)
def test_a_malformed_variable_is_found_inside_of_its_text(
    text: str, place: str, tmp_path: Path
) -> None:
    """The error has the place of the variable where the file shows the text as it is."""
    path = tmp_path / "serverless.yml"
    path.write_text(text)
    with pytest.raises(VariableError) as caught:
        variables_of(text, path=path).at("x")
    assert str(caught.value.place) == f"{path}:{place}"


@pytest.mark.parametrize(
    ("provider", "options", "stage", "region"),
    [
        pytest.param("{}", {}, "dev", "us-east-1", id="defaults"),
        pytest.param("{stage: prod, region: eu-west-1}", {}, "prod", "eu-west-1", id="provider"),
        pytest.param("{stage: prod, region: eu-west-1}", {"stage": "a", "region": "b"}, "a", "b", id="options"),
        pytest.param("{stage: '${opt:stage, self:custom.stage}', region: '${env:R}'}", {}, "qa", "eu-west-3", id="variables"),
        pytest.param("{stage: 1}", {}, "1", "us-east-1", id="number"),
        pytest.param("{stage: '', region: ~}", {}, "dev", "us-east-1", id="empty"),
        pytest.param("aws", {}, "dev", "us-east-1", id="provider as text"),
    ],
)  # fmt: skip
def test_the_stage_and_the_region(
    provider: str, options: dict[str, str], stage: str, region: str
) -> None:
    """Options come before the provider's, which may use variables; the shell's Region does not count."""
    variables = variables_of(
        f"provider: {provider}\ncustom: {{stage: qa}}\nx: ${{sls:stage}}",
        options=options,
        shell={"R": "eu-west-3", "AWS_REGION": "us-west-2", "AWS_DEFAULT_REGION": "us-west-2"},
    )
    assert (variables.stage, variables.region) == (stage, region)
    assert resolved(variables, "x") == stage


def test_a_stage_that_is_not_text_is_an_error() -> None:
    """A mapping as stage is refused."""
    with pytest.raises(VariableError, match=r"`provider\.stage` must be text, not a mapping"):
        _ = variables_of("provider: {stage: {a: b}}").stage


def test_a_stage_of_its_own_stage_is_an_error() -> None:
    """`provider.stage` cannot be the stage that it decides."""
    with pytest.raises(VariableError, match=r"`\$\{sls:stage\}` refers to itself"):
        _ = variables_of("provider: {stage: '${sls:stage}'}").stage


def test_the_instance_is_the_same_everywhere() -> None:
    """The identifier of a run is its start in milliseconds."""
    variables = variables_of("a: ${sls:instanceId}\nb: ${sls:instanceId}")
    value = resolved(variables, "a")
    assert isinstance(value, str)
    assert value == resolved(variables, "b")
    assert len(value) == 13
    assert value.isdecimal()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        pytest.param("cli", "given", id="command line"),
        pytest.param("stage", "of prod", id="stage"),
        pytest.param("number", 3, id="type"),
        pytest.param("base", "from default", id="default"),
        pytest.param("nulled", "from default", id="null of a stage"),
        pytest.param("zero", 0, id="false value of a stage"),
        pytest.param("variable", "prod-x", id="variable in a value"),
        pytest.param("new", "of version 4", id="stages"),
        pytest.param("dotted.name", 1, id="name with a dot"),
        pytest.param("none", "fallback", id="nowhere"),
    ],
)
def test_parameters_come_from_the_most_specific_place(name: str, value: object) -> None:
    """`--param` wins over the stage's parameters, and these over the default ones."""
    variables = variables_of(
        """
params:
  prod: {cli: x, stage: of prod, number: 3, nulled: ~, zero: 0, dotted.name: 1}
  default: {cli: y, stage: z, base: from default, nulled: from default, zero: 1, variable: '${sls:stage}-x'}
stages:
  prod: {params: {new: of version 4}}
  default: {params: {new: of default}}
x: "${param:NAME, 'fallback'}"
""".replace("NAME", name),
        options={"stage": "prod"},
        params={"cli": "given"},
    )
    assert resolved(variables, "x") == value


PIECES = (
    *("${self:k0}", "${self:k1, ", "${self:k2.a", "}", "${env:A}", "${env:B, 'x'}", "${opt:stage, self:k0}"),
    *("${self:k${env:N}}", "\\", "$", "a", "${Foo.", "${strToBool(${self:k1})}", "${param:p}", "${self:}"),
)  # fmt: skip
texts = st.lists(st.sampled_from(PIECES), max_size=4).map("".join)
values = st.recursive(
    texts | st.none() | st.integers() | st.booleans(),
    lambda children: st.lists(children, max_size=2) | st.fixed_dictionaries({"a": children}),
    max_leaves=4,
)


@given(st.fixed_dictionaries({f"k{n}": values for n in range(4)}), st.fixed_dictionaries({"A": texts, "N": texts}))  # fmt: skip
def test_any_configuration_is_resolved_or_refused(
    configuration: dict[str, object], shell: dict[str, str]
) -> None:
    """Each value has a result without loose ends, or an error with a place and a hint; once more gives the same."""
    variables = variables_of(json.dumps(configuration), shell=shell)
    for error in variables.failures():
        assert error.place is not None
        assert error.hint
    for key in configuration:
        try:
            node = variables.at(key)
            assert node is not None
            result = variables.resolve(node)
        except VariableError:
            continue
        assert variables.resolve(result) is result
        assert variables.at(key) is node
