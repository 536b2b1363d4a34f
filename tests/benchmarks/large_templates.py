"""Measures what a large template costs: open it, find one function, resolve that one.

Prints seconds, the best of several, over those of an empty template. Exits with 1 where a target is missed.

    python -m tests.benchmarks.large_templates
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

import yaml

from samlocal.cloudformation.project import open_project

ROUNDS: Final = 7
# Functions, as many tables, and the seconds that they may cost more than an empty template.
TARGETS: Final = ((250, 0.15), (1000, 0.4))


def main() -> int:
    missed = 0
    with tempfile.TemporaryDirectory() as directory:
        empty = _measure(_write(Path(directory), 1, "yaml"))
        print(f"{'resources':>9}  {'format':6}  {'size':>8}  {'seconds':>7}  {'target':>6}")
        for count, target in TARGETS:
            for suffix in ("yaml", "json"):
                path = _write(Path(directory), count, suffix)
                seconds = _measure(path) - empty
                size = f"{path.stat().st_size / 1024:.0f} KiB"
                print(f"{2 * count:9}  {suffix:6}  {size:>8}  {seconds:7.3f}  {target:6}")
                missed += seconds > target
    return 1 if missed else 0


def _measure(path: Path) -> float:
    """Return the seconds of the fastest of several readings."""
    fastest = float("inf")
    for _ in range(ROUNDS):
        started = time.perf_counter()
        project = open_project(path)
        project.resolve(project.find("Function0"))
        assert not [
            diagnostic for diagnostic in project.diagnostics if "skipping" in diagnostic.message
        ]
        fastest = min(fastest, time.perf_counter() - started)
    return fastest


def _write(directory: Path, count: int, suffix: str) -> Path:
    template = {
        "Transform": "AWS::Serverless-2016-10-31",
        "Parameters": {"Stage": {"Type": "String", "Default": "dev"}},
        "Globals": {"Function": {"Runtime": "python3.11", "Timeout": 10}},
        "Resources": {
            f"{kind}{n}": resource
            for n in range(count)
            for kind, resource in (("Function", _function(n)), ("Table", _table()))
        },
    }
    path = directory / f"template-{count}.{suffix}"
    if suffix == "json":
        path.write_text(json.dumps(template, indent=1))
    else:
        path.write_text(yaml.dump(template, Dumper=yaml.CSafeDumper, sort_keys=False))
    return path


def _function(n: int) -> dict[str, object]:
    return {
        "Type": "AWS::Serverless::Function",
        "Properties": {
            "CodeUri": f"src/function{n}/",
            "Handler": "app.handler",
            "MemorySize": 256,
            "Policies": [{"DynamoDBCrudPolicy": {"TableName": {"Ref": f"Table{n}"}}}],
            "Environment": {
                "Variables": {
                    "TABLE_NAME": {"Ref": f"Table{n}"},
                    "TABLE_ARN": {"Fn::GetAtt": [f"Table{n}", "Arn"]},
                    "URL": {"Fn::Sub": "https://${Stage}.example.com/"},
                }
            },
            "Events": {
                "Api": {"Type": "Api", "Properties": {"Path": f"/f{n}", "Method": "get"}},
            },
        },
    }


def _table() -> dict[str, object]:
    return {
        "Type": "AWS::DynamoDB::Table",
        "Properties": {
            "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
            "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
            "BillingMode": "PAY_PER_REQUEST",
        },
    }


if __name__ == "__main__":
    sys.exit(main())
