"""Templates of what sam resolves as CloudFormation does, made up from a seed."""

from __future__ import annotations

import json
from random import Random
from typing import Final

Value = object

WORDS: Final = ("orders", "returns", "invoices", "eu-west-1", "10", "a b", "x=y", "")
STAGES: Final = ("dev", "test", "prod")
RESOURCES: Final = ("Table", "Bucket", "Stream")
TYPES: Final = {
    "Table": "AWS::DynamoDB::Table",
    "Bucket": "AWS::S3::Bucket",
    "Stream": "AWS::Kinesis::Stream",
}
MAX_DEPTH: Final = 3


def generate(seed: int) -> tuple[str, dict[str, str]]:
    """Return a template, as JSON, which is YAML too, and parameter overrides."""
    random = Random(seed)  # noqa: S311  # nothing secret
    template = {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Transform": "AWS::Serverless-2016-10-31",
        "Parameters": {
            "Stage": {"Type": "String", "Default": "dev"},
            "Name": {"Type": "String", "Default": random.choice(WORDS[:4])},
            "Count": {"Type": "Number", "Default": random.randrange(100)},
            "List": {"Type": "CommaDelimitedList", "Default": "a,b,c"},
        },
        "Mappings": {"Stages": {s: {"Key": f"value-{s}", "Size": n} for n, s in enumerate(STAGES)}},
        "Conditions": {
            "IsProd": {"Fn::Equals": [{"Ref": "Stage"}, "prod"]},
            "IsDev": {"Fn::Not": [{"Fn::Or": [{"Condition": "IsProd"}, _equals(random)]}]},
            "Both": {"Fn::And": [{"Condition": "IsProd"}, _equals(random)]},
        },
        "Globals": {
            "Function": {
                "Runtime": "python3.11",
                "Timeout": random.randrange(1, 60),
                "MemorySize": random.choice([128, 256, 512]),
                "Environment": {"Variables": {"SHARED": _expression(random, 0), "OWN": "global"}},
            }
        },
        "Resources": {
            **{name: {"Type": kind} for name, kind in TYPES.items()},
            **{f"Function{n}": _function(random) for n in range(random.randrange(1, 4))},
        },
    }
    overrides = {"Stage": random.choice(STAGES)} if random.random() < 0.7 else {}
    return json.dumps(template, indent=1), overrides


def _function(random: Random) -> dict[str, Value]:
    variables = {f"V{n}": _expression(random, 0) for n in range(random.randrange(1, 12))}
    if random.random() < 0.5:
        variables["OWN"] = _expression(random, 0)
    properties: dict[str, Value] = {
        "CodeUri": "src/",
        "Handler": "app.handler",
        "Environment": {"Variables": variables},
    }
    if random.random() < 0.3:
        properties["Timeout"] = random.randrange(1, 900)
    return {"Type": "AWS::Serverless::Function", "Properties": properties}


def _equals(random: Random) -> Value:
    return {"Fn::Equals": [{"Ref": "Stage"}, random.choice(STAGES)]}


def _expression(random: Random, depth: int) -> Value:
    """Return something that resolves to text."""
    simple = [
        random.choice(WORDS),
        {"Ref": random.choice(["Stage", "Name", "Count", "AWS::Region", "AWS::AccountId"])},
        {"Ref": random.choice(RESOURCES)},
        {"Ref": random.choice(["AWS::StackName", "AWS::Partition", "AWS::StackId"])},
        {"Fn::GetAtt": ["Function0", "Arn"]},
        {"Fn::FindInMap": ["Stages", {"Ref": "Stage"}, random.choice(["Key", "Size"])]},
        {"Fn::Sub": "${Stage}-${AWS::Region}/${Name}"},
        {"Fn::Select": [random.randrange(3), {"Ref": "List"}]},
        random.randrange(1000),
        random.choice([True, False]),
    ]
    if depth >= MAX_DEPTH:
        return random.choice(simple)
    inner = [_text(random, depth + 1) for _ in range(3)]
    nested = [
        {"Fn::Join": [random.choice(["", "-", ","]), inner]},
        {"Fn::If": [random.choice(["IsProd", "IsDev", "Both"]), inner[0], inner[1]]},
        {"Fn::Select": [1, inner]},
        {"Fn::Select": [0, {"Fn::Split": ["-", {"Fn::Join": ["-", inner]}]}]},
        {"Fn::Base64": inner[0]},
        {"Fn::Sub": ["${A}:${B}:${Stage}", {"A": random.choice(WORDS[:4]), "B": {"Ref": "Name"}}]},
    ]
    return random.choice([*simple, *nested])


def _text(random: Random, depth: int) -> Value:
    """Return something that resolves to text and is no number or boolean, which sam can't join."""
    while True:
        found = _expression(random, depth)
        numbers = ("Size", "Count")
        if not isinstance(found, bool | int) and not any(n in json.dumps(found) for n in numbers):
            return found
