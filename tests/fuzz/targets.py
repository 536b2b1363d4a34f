"""What is fuzzed: each target takes any bytes, and must end in a value or in one of our own errors."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from samlocal.cloudformation.intrinsics.dynamic_references import (
    ExternalValues,
    GivenValues,
    parse_reference,
)
from samlocal.cloudformation.intrinsics.pseudo_parameters import StackContext
from samlocal.cloudformation.project import CloudFormationProject
from samlocal.cloudformation.stack.stack import Stack
from samlocal.documents.document import compose
from samlocal.errors import SamlocalError, TemplateError
from samlocal.project.parameter_overrides import (
    overrides_from,
    parse_parameter_overrides,
)
from samlocal.serverless.variables.parts import VariableSyntaxError
from samlocal.serverless.variables.syntax import parse_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

NOWHERE: Final = Path("/nonexistent/project")


def read_document(data: bytes) -> None:
    """Compose the bytes, and hold what was composed against Python's own reader of JSON."""
    text = data.decode(errors="replace")
    try:
        document = compose(text, NOWHERE / "template.yaml")
    except TemplateError as error:
        if error.place is None:
            raise AssertionError("an error without a place") from error
        return
    plain = document.root.plain()
    with suppress(ValueError, RecursionError):
        expected = json.loads(text)
        if isinstance(expected, dict | list) and "\\ud" not in text.lower() and "NaN" not in text:
            assert plain == expected, (plain, expected)


def read_project(data: bytes) -> None:
    """Read the bytes as a template and resolve all of its functions."""
    text = data.decode(errors="replace")
    with suppress(SamlocalError):
        stack = Stack(
            compose(text, NOWHERE / "template.yaml"),
            given={"Stage": "dev", "Zones": "a,b"}.get,
            context=StackContext(),
            external=ExternalValues(given=GivenValues({"ssm": {"/a": "b"}})),
            boundary=NOWHERE,
        )
        project = CloudFormationProject(NOWHERE / "template.yaml", (stack,), {})
        for diagnostic in project.diagnostics:
            assert diagnostic.message
        for entry in project.functions:
            assert project.find(entry.full_path) == entry
            _resolve(project, entry.full_path)


def _resolve(project: CloudFormationProject, full_path: str) -> None:
    with suppress(SamlocalError):
        function = project.resolve(project.find(full_path), for_api=True)
        for name, variable in function.environment.items():
            is_said = any(f"`{name}`" in diagnostic.message for diagnostic in function.diagnostics)
            assert variable.value is not None or is_said, name
            (variable.value or "").encode()


def read_expressions(data: bytes) -> None:
    """Take the bytes as choices in a grammar of templates, so that what is read gets deep."""
    choices = iter(data)

    def some(depth: int = 2) -> object:
        return _expression(choices, depth)

    variables = {f"V{n}": some() for n in range(4)}
    function = {"Environment": {"Variables": variables}, _word(KEYS, choices): some()}
    condition = {"Condition": "C"} if next(choices, 0) > MOSTLY else {}
    template = {
        "Parameters": {"Stage": {"Type": "String"}, "Zones": {"Type": "CommaDelimitedList"}},
        "Mappings": {"M": {"a": {"b": "c", "d": ["e", "f"]}}},
        "Conditions": {"C": some(), "D": {"Fn::Equals": [some(), some()]}},
        "Globals": {"Function": {_word(KEYS, choices): some()}},
        "Resources": {
            "F": {"Type": "AWS::Serverless::Function", "Properties": function},
            "G": {
                "Type": "AWS::Lambda::Function",
                "Properties": {_word(KEYS, choices): some()},
                **condition,
            },
            "T": {"Type": "AWS::DynamoDB::Table", "Properties": {"TableName": some()}},
            "L": {"Type": "AWS::Lambda::LayerVersion", "Properties": {"Content": some()}},
            "V": {"Type": "AWS::Lambda::Version", "Properties": {"FunctionName": some()}},
            "A": {
                "Type": "AWS::Lambda::Alias",
                "Properties": {"FunctionName": some(), "Name": "A"},
            },
        },
        "Outputs": {"O": {"Value": some(), "Export": {"Name": some()}}},
    }
    read_project(json.dumps(template).encode())


WORDS: Final = (
    *("Stage", "Zones", "C", "D", "M", "a", "b", "F", "T", "L", "V", "A", "F.Arn", "F.Version"),
    *(
        "AWS::Region",
        "AWS::NoValue",
        "Arn",
        "",
        ",",
        "0",
        "1",
        "10.0.0.0/16",
        "x.y",
        "Zip",
        "Image",
    ),
    *("${Stage}", "${!x}", "${T.Arn}", "${x", "{{resolve:ssm:/a}}", "{{resolve:ssm:${Stage}}}"),
    *("{{resolve:secretsmanager:a:SecretString:b}}", "./src", "s3://b/k", "arm64", "python3.11"),
)
# How many arguments each takes; 0 for one that isn't in a list.
FUNCTIONS: Final = {
    **dict.fromkeys(("Ref", "Fn::Sub", "Condition", "Fn::Base64", "Fn::GetAZs"), 0),
    **dict.fromkeys(("Fn::ImportValue", "Fn::ToJsonString", "Fn::Transform", "Fn::Unheard"), 0),
    **dict.fromkeys(("Fn::Not", "Fn::Length"), 1),
    **dict.fromkeys(("Fn::GetAtt", "Fn::Join", "Fn::Split", "Fn::Select", "Fn::Equals"), 2),
    **dict.fromkeys(("Fn::And", "Fn::Or"), 2),
    **dict.fromkeys(("Fn::If", "Fn::FindInMap", "Fn::Cidr", "Fn::ForEach::X"), 3),
}
KEYS: Final = (
    *("Handler", "Environment", "Variables", "Code", "CodeUri", "InlineCode", "Layers", "Runtime"),
    *("MemorySize", "Timeout", "EphemeralStorage", "Size", "Architectures", "FunctionName", "Name"),
    *("PackageType", "ImageUri", "ImageConfig", "Command", "LoggingConfig", "LogFormat", "Content"),
    *("FunctionVersion", "AutoPublishAlias", "TableName", "S3Bucket", "S3Key", "DefaultValue"),
    *("Location", "Parameters", "${X}", "&{X}", "A", "B"),
)
MAX_DEPTH: Final = 6
MOSTLY: Final = 240  # of 256


def _expression(choices: Iterator[int], depth: int) -> object:
    """Return what the next bytes choose: a word, a number, a list, a mapping or a call."""
    choice = next(choices, 0)
    kind, size = choice % 8, choice // 8 % 4 + 1
    if depth >= MAX_DEPTH or kind <= 1:
        return _word(WORDS, choices)
    if kind == 2:
        return (choice, True, None, 1.5)[size - 1]
    if kind == 3:
        return [_expression(choices, depth + 1) for _ in range(size)]
    if kind <= 5:
        keys = [_word(KEYS, choices) for _ in range(size)]
        return {key: _expression(choices, depth + 1) for key in keys}
    name = _word(tuple(FUNCTIONS), choices)
    count = FUNCTIONS[name] if choice < MOSTLY else size
    if count == 0:
        return {name: _expression(choices, depth + 1)}
    return {name: [_expression(choices, depth + 1) for _ in range(count)]}


def _word(words: tuple[str, ...], choices: Iterator[int]) -> str:
    return words[next(choices, 0) % len(words)]


def read_overrides(data: bytes) -> None:
    """Read the bytes as words after `--parameter-overrides`, as a file of them, as a reference, and as variables."""
    text = data.decode(errors="replace")
    words = text.split("\0")
    if not any(word.startswith("file://") for word in words):
        with suppress(SamlocalError):
            for name, value in parse_parameter_overrides(words).items():
                assert name.isascii(), name
                assert name.isalnum(), name
                assert isinstance(value, str)
    with suppress(SamlocalError):
        overrides_from(compose(text, NOWHERE / "parameters.yaml").root)
    parse_reference(text)
    ExternalValues().fill_in(text)
    with suppress(VariableSyntaxError):
        parse_text(text)


TARGETS: Final[tuple[Callable[[bytes], None], ...]] = (
    read_document,
    read_project,
    read_overrides,
    read_expressions,
)


def fuzz_one(data: bytes) -> None:
    """Give the bytes to the target that the first of them chooses."""
    if data:
        TARGETS[data[0] % len(TARGETS)](data[1:])
