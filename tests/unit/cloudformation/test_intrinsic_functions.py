"""Each intrinsic function against the values that CloudFormation's reference documents for it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from samlocal.aws_account import Account

if TYPE_CHECKING:
    from tests.unit.cloudformation.conftest import DiagnosticOf, Evaluate, ValueOf

SECTIONS = """
Parameters:
  Stage: {Type: String, Default: dev}
  Empty: {Type: String, Default: ""}
  Zones: {Type: CommaDelimitedList, Default: "a, b,c"}
Mappings:
  RegionMap:
    us-east-1: {HVM64: ami-0ff8a91507f77f867, HVMG2: ami-0a584ac55a7631c0c}
    eu-west-1: {HVM64: ami-047bb4163c506cd98}
  Lists: {subnets: {dev: [subnet-1, subnet-2]}}
Conditions:
  IsDev: !Equals [!Ref Stage, dev]
  IsProd: !Not [!Condition IsDev]
  Both: !And [!Condition IsDev, !Condition IsProd]
  Either: !Or [!Condition IsDev, !Condition IsProd]
"""

STACK_ID = (
    "arn:aws:cloudformation:us-east-1:123456789012:stack/local/51af3dc0-da77-11e4-872e-1234567db123"
)


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        pytest.param("!Ref Stage", "dev", id="Ref parameter"),
        pytest.param("{Ref: Stage}", "dev", id="Ref long"),
        pytest.param("!Ref AWS::AccountId", "123456789012", id="account"),
        pytest.param("!Ref AWS::Partition", "aws", id="partition"),
        pytest.param("!Ref AWS::Region", "us-east-1", id="region"),
        pytest.param("!Ref AWS::StackName", "local", id="stack name"),
        pytest.param("!Ref AWS::StackId", STACK_ID, id="stack id"),
        pytest.param("!Ref AWS::URLSuffix", "amazonaws.com", id="suffix"),
        pytest.param('!Join [":", [a, b, c]]', "a:b:c", id="Join"),
        pytest.param("!Join [',', !Ref Zones]", "a,b,c", id="Join of a list parameter"),
        pytest.param("!Join ['', [arn, 1, true]]", "arn1true", id="Join of other scalars"),
        pytest.param("!Join ['-', [a, !Ref AWS::NoValue, b]]", "a-b", id="Join without NoValue"),
        pytest.param("!Join ['', []]", "", id="Join of nothing"),
        pytest.param('!Select ["1", [apples, grapes, oranges]]', "grapes", id="Select"),
        pytest.param("!Select [0, !Ref Zones]", "a", id="Select of a parameter"),
        pytest.param('!Select [2, !Split ["|", "a|b|c"]]', "c", id="Split"),
        pytest.param('!Join [",", !Split ["|", "a||c|"]]', "a,,c,", id="Split keeps empty strings"),
        pytest.param(
            '!Select [2, !Split [",", !Sub "x,y,${Stage}"]]', "dev", id="Split of a substitution"
        ),
        pytest.param("!Sub '${Stage}-${AWS::Region}'", "dev-us-east-1", id="Sub"),
        pytest.param("!Sub ['www.${D}', {D: !Ref Stage}]", "www.dev", id="Sub with variables"),
        pytest.param("!Sub ['${A.B}', {A.B: x}]", "x", id="Sub variable with a dot"),
        pytest.param("!Sub ['${A}', {A: 'v.1'}]", "v.1", id="Sub value with a dot"),
        pytest.param("!Sub ['${A}', {A: '${Stage}'}]", "${Stage}", id="Sub is done once"),
        pytest.param("!Sub 'a ${!Literal} b'", "a ${Literal} b", id="Sub literal"),
        pytest.param("!Sub '$Stage $${Stage} {Stage}'", "$Stage $dev {Stage}", id="Sub dollars"),
        pytest.param(
            "!Sub '${F.Arn}'", "arn:aws:lambda:us-east-1:123456789012:function:F", id="Arn"
        ),
        pytest.param("!Base64 AWS CloudFormation", "QVdTIENsb3VkRm9ybWF0aW9u", id="Base64"),
        pytest.param("{'Fn::Base64': !Sub 'é${Stage}'}", "w6lkZXY=", id="Base64 of UTF-8"),
        pytest.param(
            "!FindInMap [RegionMap, !Ref AWS::Region, HVM64]",
            "ami-0ff8a91507f77f867",
            id="FindInMap",
        ),
        pytest.param(
            "!Select [1, !FindInMap [Lists, subnets, dev]]", "subnet-2", id="map of lists"
        ),
        pytest.param(
            "!FindInMap [RegionMap, nowhere, HVM64, {DefaultValue: t3.micro}]",
            "t3.micro",
            id="FindInMap with default",
        ),
        pytest.param(
            "!FindInMap [RegionMap, nowhere, HVM64, {DefaultValue: !Sub '${Stage}-x'}]",
            "dev-x",
            id="FindInMap with computed default",
        ),
        pytest.param(
            "!FindInMap [!Join ['', [Region, Map]], !Select [0, !Split ['|', 'eu-west-1|x']], HVM64]",
            "ami-047bb4163c506cd98",
            id="FindInMap with computed keys",
        ),
        pytest.param("!If [IsDev, yes please, no]", "yes please", id="If"),
        pytest.param("!If [IsProd, a, !Ref Stage]", "dev", id="If otherwise"),
        pytest.param("!If [IsProd, !Ref Undefined, b]", "b", id="If leaves the other branch alone"),
        pytest.param("!If [!Equals [!Ref Empty, ''], a, b]", "a", id="If of an expression"),
        pytest.param("!If [Both, a, b]", "b", id="And"),
        pytest.param("!If [Either, a, b]", "a", id="Or"),
        pytest.param("!If [{'Fn::Equals': [1, '1']}, a, b]", "a", id="Equals compares text"),
        pytest.param("!If [{'Fn::Equals': [!Ref Zones, [a, b, c]]}, a, b]", "a", id="Equals lists"),
        pytest.param("!Select [0, !GetAZs us-east-1]", "us-east-1a", id="GetAZs"),
        pytest.param("!Select [1, !GetAZs '']", "us-east-1b", id="GetAZs here"),
        pytest.param("!Select [2, !GetAZs {Ref: AWS::Region}]", "us-east-1c", id="GetAZs of Ref"),
        pytest.param(
            "!Join [' ', !Cidr ['192.168.0.0/24', 6, 5]]",
            "192.168.0.0/27 192.168.0.32/27 192.168.0.64/27 192.168.0.96/27 192.168.0.128/27"
            " 192.168.0.160/27",
            id="Cidr",
        ),
        pytest.param(
            "!Select [1, !Cidr ['10.0.0.0/16', '2', '8']]", "10.0.1.0/24", id="Cidr of text"
        ),
        pytest.param(
            "!Select [1, !Cidr ['2001:db8::/56', 2, 64]]", "2001:db8:0:1::/64", id="Cidr of IPv6"
        ),
        pytest.param("{'Fn::Length': [1, 2, 3]}", "3", id="Length"),
        pytest.param("{'Fn::Length': !Ref Zones}", "3", id="Length of a parameter"),
        pytest.param("{'Fn::Length': !Split ['|', 'a|b']}", "2", id="Length of Split"),
        pytest.param(
            "{'Fn::ToJsonString': {key1: value1, key2: !Ref Stage, n: [1, true]}}",
            '{"key1":"value1","key2":"dev","n":[1,true]}',
            id="ToJsonString",
        ),
        pytest.param(
            "{'Fn::ToJsonString': [a, {k: !Ref AWS::NoValue}]}", '["a",{}]', id="ToJsonString list"
        ),
        pytest.param("{'Fn::Select': ['0', {'Fn::Split': ['.', 'a.b']}]}", "a", id="JSON style"),
    ],
)
def test_an_intrinsic_function_gives_the_documented_value(
    value_of: ValueOf, expression: str, value: str
) -> None:
    """A variable gets the value that CloudFormation documents."""
    assert value_of(expression, SECTIONS) == value


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("!Ref Stagee", "no parameter or resource `Stagee`"),
        ("!Ref [a]", "the argument of `Ref` must be a string, not a list"),
        ("!GetAtt Nope.Arn", "no resource `Nope`"),
        ("!GetAtt F", "`Fn::GetAtt` needs an attribute"),
        ("!GetAtt [F]", "`Fn::GetAtt` takes 2 arguments, not 1"),
        ("!Join [a]", "`Fn::Join` takes 2 arguments, not 1"),
        ("!Join ['', abc]", "the values of `Fn::Join` must be a list, not `abc`"),
        ("!Join ['', [[a]]]", "a value of `Fn::Join` must be a string, not a list"),
        ("!Select [3, [a, b, c]]", "`Fn::Select` has 3 values and none at index `3`"),
        ("!Select [-1, [a, b, c]]", "`Fn::Select` has 3 values and none at index `-1`"),
        ("!Select [x, [a]]", "`Fn::Select` has 1 values and none at index `x`"),
        ("!Split ['', abc]", "the delimiter of `Fn::Split` is empty"),
        ("!Sub '${Stage-}'", "no parameter or resource `Stage-`"),
        ("!Sub '${a b}'", "`${a b}` is not a valid reference in `Fn::Sub`"),
        ("!Sub [a, b, c]", "`Fn::Sub` takes 2 arguments, not 3"),
        ("!Sub '${Zones}'", "`${Zones}` must be a string, not a list"),
        ("!FindInMap [RegionMap, nowhere, HVM64]", "the mappings have no `RegionMap.nowhere`"),
        ("!FindInMap [Nope, a, b]", "the mappings have no `Nope.a`"),
        ("!If [Nope, a, b]", "no condition `Nope`"),
        ("!If [IsDev, a]", "`Fn::If` takes 3 arguments, not 2"),
        ("!If [[IsDev], a, b]", "a condition cannot be a list"),
        ("!If [{Ref: Stage}, a, b]", "`Ref` is not a condition function"),
        ("!If [!And [!Condition IsDev], a, b]", "`Fn::And` takes 2 to 10 values, not 1"),
        ("!Cidr [300.0.0.0/8, 1, 8]", "`Fn::Cidr`: '300.0.0.0/8' does not appear to be"),
        ("!Cidr [10.0.0.0/24, 300, 1]", "`Fn::Cidr`: the count must be from 1 to 256, not 300"),
        ("!Cidr [10.0.0.0/24, 3, 7]", "has 2 blocks of 7 bits, not 3"),
        ("!Cidr [10.0.0.0/24, 1, 9]", "`10.0.0.0/24` has no blocks of 9 bits"),
        ("!Cidr [10.0.0.0/24, x, 9]", "`Fn::Cidr`: invalid literal"),
        ("{'Fn::Length': abc}", "the argument of `Fn::Length` must be a list"),
        ("{'Fn::ToJsonString': abc}", "`Fn::ToJsonString` takes a mapping or a list"),
    ],
)
def test_a_misused_intrinsic_function_omits_its_variable(
    diagnostic_of: DiagnosticOf, expression: str, message: str
) -> None:
    """An invalid expression only omits its variable, with a diagnostic."""
    diagnostic = diagnostic_of(expression, SECTIONS)
    assert diagnostic.message.startswith("skipping `VALUE`: ")
    assert message in diagnostic.message
    assert diagnostic.place is not None
    assert diagnostic.place.line == 8


def test_a_misspelt_name_gets_a_suggestion(diagnostic_of: DiagnosticOf) -> None:
    """The hint names the most similar parameter, resource or pseudo parameter."""
    assert diagnostic_of("!Ref Stag", SECTIONS).hint == "did you mean `Stage`?"


def test_an_unsupported_intrinsic_function_omits_its_variable(evaluate: Evaluate) -> None:
    """An unsupported intrinsic function only omits its variable."""
    function = evaluate("!Quantum [a]")
    assert function.environment["VALUE"].value is None
    assert (
        function.diagnostics[0].message
        == "skipping `VALUE`: samlocal does not support `Fn::Quantum`"
    )


def test_no_value_removes_a_variable(evaluate: Evaluate) -> None:
    """`AWS::NoValue` removes a variable; it is not an empty string."""
    assert evaluate("!If [IsProd, x, !Ref AWS::NoValue]", SECTIONS).environment == {}


def test_only_results_that_depend_on_an_unknown_value_are_unknown(value_of: ValueOf) -> None:
    """A join of something unknown is unknown; a selection of something else is not."""
    resources = "Q: {Type: AWS::Unheard::Of}"
    assert value_of("!Join ['', [a, !GetAtt Q.X]]", resources=resources) is None
    assert value_of("!Select [0, [a, !GetAtt Q.X]]", resources=resources) == "a"
    assert value_of("{'Fn::Length': [a, !GetAtt Q.X]}", resources=resources) == "2"


def test_a_condition_may_be_known_although_an_operand_is_not(value_of: ValueOf) -> None:
    """`And` with a false operand is false, even if another operand is unknown."""
    resources = "Q: {Type: AWS::Unheard::Of}"
    unknown = "!Equals [!GetAtt Q.X, a]"
    assert value_of(f"!If [!And [{unknown}, !Equals [a, b]], x, y]", resources=resources) == "y"
    assert value_of(f"!If [!Or [!Equals [a, a], {unknown}], x, y]", resources=resources) == "x"
    assert value_of(f"!If [!And [{unknown}, !Equals [a, a]], x, y]", resources=resources) is None


@pytest.mark.parametrize(
    ("sections", "resources", "message"),
    [
        pytest.param(
            "Conditions: {A: !Not [!Condition B], B: !Not [!Condition A]}",
            "",
            "condition `A` depends on itself",
            id="conditions",
        ),
        pytest.param(
            "Conditions: {A: !Equals [!Ref T, x]}",
            "T: {Type: AWS::DynamoDB::Table, Properties: {TableName: !If [A, x, y]}}",
            "depends on itself",
            id="condition and name",
        ),
    ],
)
def test_recursion_is_an_error(
    diagnostic_of: DiagnosticOf, sections: str, resources: str, message: str
) -> None:
    """A value or condition that depends on itself is an error."""
    assert message in diagnostic_of("!If [A, x, y]", sections, resources=resources).message


def test_names_that_depend_on_each_other_are_an_error(diagnostic_of: DiagnosticOf) -> None:
    """Two resources whose names refer to each other are an error with a place."""
    resources = """
    A: {Type: AWS::DynamoDB::Table, Properties: {TableName: !Ref B}}
    B: {Type: AWS::DynamoDB::Table, Properties: {TableName: !Sub 'x${A}'}}
    """
    diagnostic = diagnostic_of("!Ref A", resources=resources)
    assert "more than 100 values refer to one another" in diagnostic.message
    assert diagnostic.place is not None


def test_nested_names_are_computed_once(diagnostic_of: DiagnosticOf) -> None:
    """Thirty names that each contain the next one twice take neither exponential time nor memory."""
    resources = "\n".join(
        f"T{n}: {{Type: AWS::DynamoDB::Table, Properties: {{TableName: !Sub '${{T{n + 1}}}${{T{n + 1}}}'}}}}"
        for n in range(30)
    )
    diagnostic = diagnostic_of("!Ref T0", resources=resources + "\nT30: {Type: AWS::SNS::Topic}")
    assert "a value here is longer than 8,388,608 characters" in diagnostic.message


@pytest.mark.parametrize("name", ["Fn::Base64", "Fn::ToJsonString"])
def test_a_value_over_the_size_limit_is_refused(diagnostic_of: DiagnosticOf, name: str) -> None:
    """A value that grows with each nested call is refused at the size limit."""
    expression = "x" * 100
    for _ in range(42):
        inner = f"[{expression}]" if name == "Fn::ToJsonString" else expression
        expression = f"{{'{name}': {inner}}}"
    assert "a value here is longer than 8,388,608 characters" in diagnostic_of(expression).message


words = st.text("abcXYZ019-_. ", max_size=8)
SLOW_OR_SHARED = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture]


@settings(suppress_health_check=SLOW_OR_SHARED, max_examples=50)
@given(st.lists(words.filter(lambda word: "|" not in word), min_size=1, max_size=5))
def test_split_undoes_join(value_of: ValueOf, items: list[str]) -> None:
    """Splitting at the delimiter of a join returns the original items."""
    joined = f"!Join ['|', {items!r}]"
    assert value_of(f"!Join [',', !Split ['|', {joined}]]") == ",".join(items)


@settings(suppress_health_check=SLOW_OR_SHARED, max_examples=50)
@given(words)
def test_sub_without_variables_is_the_text_itself(value_of: ValueOf, text: str) -> None:
    """`Fn::Sub` keeps text without `${`."""
    assert value_of(f"!Sub {text!r}") == text


@settings(suppress_health_check=SLOW_OR_SHARED, max_examples=50)
@given(st.booleans(), st.booleans())
def test_de_morgan(value_of: ValueOf, left: bool, right: bool) -> None:  # noqa: FBT001
    """Conditions obey De Morgan's law."""
    sections = f"""
    Conditions:
      L: !Equals [{left}, 'true']
      R: !Equals [{right}, 'true']
      NotBoth: !Not [!And [!Condition L, !Condition R]]
      EitherNot: !Or [!Not [!Condition L], !Not [!Condition R]]
    """
    both = value_of("!Join ['', [!If [NotBoth, a, b], !If [EitherNot, a, b]]]", sections)
    assert both in {"aa", "bb"}
    assert (both == "bb") == (left and right)


ACCOUNTS = """
Mappings:
  Accounts: {"111111111111": {Name: prod}}
  ByStage: {dev: {"111111111111": prod}}
"""


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("!FindInMap [Accounts, !Ref AWS::AccountId, Name]", "prod"),
        ("!FindInMap [ByStage, dev, !Ref AWS::AccountId]", "prod"),
    ],
)
def test_a_mapping_by_account(evaluate: Evaluate, expression: str, value: str) -> None:
    """A mapping by account has a value with a known account, and none with the placeholder."""
    function = evaluate(expression, ACCOUNTS)
    assert function.environment["VALUE"].value is None
    (diagnostic,) = function.diagnostics
    assert re.fullmatch(
        r"skipping `VALUE`: the mappings have no `[\w.]+`,"
        r" and 123456789012 is a placeholder for the account",
        diagnostic.message,
    )
    assert diagnostic.hint == "give the account with --account-id"
    known = evaluate(expression, ACCOUNTS, account=Account(given="111111111111"))
    assert known.environment["VALUE"].value == value


def test_a_mapping_without_the_known_account(evaluate: Evaluate) -> None:
    """A missing key for a known account is reported as an error of the template."""
    account = Account(of_credentials="123456789012")
    function = evaluate(
        "!FindInMap [Accounts, !Ref AWS::AccountId, Name]", ACCOUNTS, account=account
    )
    (diagnostic,) = function.diagnostics
    assert diagnostic.message == ("skipping `VALUE`: the mappings have no `Accounts.123456789012`")


def test_a_default_applies_to_an_unknown_account(value_of: ValueOf) -> None:
    """`DefaultValue` applies to an account that the mapping does not have."""
    expression = "!FindInMap [Accounts, !Ref AWS::AccountId, Name, {DefaultValue: dev}]"
    assert value_of(expression, ACCOUNTS) == "dev"
