"""What a function's environment is made of, and in which order."""

from __future__ import annotations

from typing import Final

from tests.differential.service import Parts, Service, call, environment

_EMPTY_VALUE: Final = "`--env NAME=`"
_SEVERAL_LINES: Final = "several lines in `--data=…`, `--env=…`"
_INTRINSICS: Final = "`Ref`, `Fn::GetAtt`, `Fn::Sub`, … in `environment`"
_RESOURCES: Final = "resources:\n  Resources:\n    Table: {Type: AWS::DynamoDB::Table, Properties: {TableName: orders}}\n"

SERVICES: Final = (
    Service(
        name="environment-merged",
        files=Parts(
            provider="environment: {P: provider, BOTH: provider, GONE: provider}\n",
            function="environment: {F: function, BOTH: function, GONE: null}\n",
        ).all_files(),
    ),
    Service(
        name="environment-of-provider-alone",
        files=Parts(language="node", provider="environment: {P: 1, Q: false}\n").all_files(),
    ),
    Service(
        name="environment-values",
        files=Parts(
            language="node",
            function=environment(
                "A: 1\nB: 1.5\nC: true\nD: false\nE: ''\nF: ' x '\nG: \"l1\\nl2\"\nH: '{\"a\": [1]}'\nI: -0.0\nJ: 0\n"
            ),
        ).all_files(),
    ),
    Service(
        name="environment-over-shell",
        files=Parts(function=environment("SHELL_ONLY: project\nIS_LOCAL: mine\n")).all_files(),
    ),
    Service(
        name="env-option",
        files=Parts(function=environment("A: project\nB: project\nC: project\n")).all_files(),
        arguments=call(
            *("-e", "A=cli", "--env", "NEW=a=b=c", "-e", "TWICE=1", "-e", "TWICE=2"),
            *("--env=B=equals", "-e", "IS_LOCAL=no", "-e", "SPACES= x "),
        ),
    ),
    Service(
        name="env-option-empty",
        files=Parts(function=environment("A: project\n")).all_files(),
        arguments=call("--env", "A=", "--env", "B="),
        differences={"result.environment.A": _EMPTY_VALUE, "result.environment.B": _EMPTY_VALUE},
    ),
    Service(
        name="env-option-name-alone",
        files=Parts(function=environment("A: project\n")).all_files(),
        arguments=call("--env", "B"),
    ),
    Service(
        name="env-option-several-lines",
        files=Parts().all_files(),
        arguments=call("--env=A=one\ntwo"),
        differences={"result.environment.A": _SEVERAL_LINES},
    ),
    Service(
        name="environment-intrinsics",
        files=Parts(
            top=_RESOURCES, function=environment("A: {Ref: Table}\nB: !GetAtt Table.Arn\n")
        ).all_files(),
        differences={"succeeds": _INTRINSICS, "result": _INTRINSICS},
    ),
    Service(
        name="environment-pseudo-parameters",
        files=Parts(function=environment("A: !Sub '${AWS::Region}-x'\n")).all_files(),
        differences={"succeeds": _INTRINSICS, "result": _INTRINSICS},
    ),
    Service(
        name="lambda-variables",
        files=Parts(
            language="node",
            provider="memorySize: 512\nregion: eu-west-3\n",
            function="memorySize: 256\nname: ${self:service}_own\n",
        ).all_files(),
    ),
    Service(
        name="lambda-variables-of-options",
        files=Parts(provider="memorySize: 2048\n").all_files(),
        arguments=call("--region", "ap-south-1", "--stage", "prod"),
    ),
    Service(
        name="lambda-variables-with-regions-of-the-shell",
        files=Parts().all_files(),
        shell={"AWS_REGION": "sa-east-1", "AWS_DEFAULT_REGION": "sa-east-1"},
    ),
    Service(
        name="credentials-of-the-shell",
        files=Parts().all_files(),
        shell={
            "AWS_ACCESS_KEY_ID": "AKIAEXAMPLE",
            "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_SESSION_TOKEN": "token",
        },
    ),
)
