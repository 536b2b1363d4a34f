"""Sample events have the shapes that public packages of types give to events of Lambda.

Powertools for Python has models that check values, DefinitelyTyped has types that a compiler checks.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from runtimes.images import ingredients
from runtimes.images.recipe import read_recipes
from runtimes.images.store import Store
from runtimes.images.store import cache_folder as images_folder
from samlocal.sample_events.catalog import (
    all_services,
    event_names,
    find_carrier,
    find_event,
)
from samlocal.sample_events.generation import generate_event
from tests.docker.build_cache import built_once, run

if TYPE_CHECKING:
    from samlocal.sample_events.template import Json

_MODELS: Final = ("aws-lambda-powertools==3.37.0", "pydantic==2.14.4")
_TYPES: Final = ("@types/aws-lambda@8.10.164", "typescript@5.9.3")
_VALIDATE: Final = """
import json, sys
import aws_lambda_powertools.utilities.parser.models as models

for name, model, event in json.load(sys.stdin):
    try:
        getattr(models, model).model_validate_json(json.dumps(event))
    except Exception as error:
        print(name, error)
"""
# Reads every property of a data class, those of its parts too.
_READ: Final = """
import importlib, json, sys
from aws_lambda_powertools.utilities.data_classes.common import DictWrapper

def read(name, value):
    if isinstance(value, dict) and not isinstance(value, DictWrapper):
        value = [*value.values()]
    if isinstance(value, list):
        for each in value:
            read(name, each)
    if not isinstance(value, DictWrapper):
        return
    for key in dir(type(value)):
        if isinstance(getattr(type(value), key), property) and key not in left_out:
            try:
                part = getattr(value, key)
            except Exception as error:
                print(name, key, repr(error))
            else:
                read(f"{name} {key}", [*part] if hasattr(part, "__next__") else part)

left_out, events = json.load(sys.stdin)
for name, module, kind, event in events:
    classes = importlib.import_module(f"aws_lambda_powertools.utilities.data_classes.{module}")
    read(name, getattr(classes, kind)(event))
"""
# AWS documents messages without a connection's id; the data of the sample is not JSON; `message` is the next one.
_PROPERTIES_LEFT_OUT: Final = ("connection_id", "json_data", "json_body", "message")
# Events without a model, whose data class has a property for each member.
_BY_DATA_CLASS: Final = {
    "mq activemq": ("active_mq_event", "ActiveMQEvent"),
    "mq rabbitmq": ("rabbit_mq_event", "RabbitMQEvent"),
    "vpc-lattice request": ("vpc_lattice", "VPCLatticeEventV2"),
}
# Events of sam that have not all that AWS sends are not here, such as `ses email-receiving`; samlocal prints the same.
# Nor is `vpc-lattice request`: AWS documents lists for the headers of version 2, and the model wants texts.
_BY_MODEL: Final = {
    "APIGatewayProxyEventModel": ["apigateway aws-proxy"],
    "APIGatewayProxyEventV2Model": ["apigateway http-api", "apigateway http-api-proxy"],
    "APIGatewayWebSocketConnectEventModel": ["apigateway websocket-connect"],
    "APIGatewayWebSocketDisconnectEventModel": ["apigateway websocket-disconnect"],
    "APIGatewayWebSocketMessageEventModel": ["apigateway websocket-message"],
    "AlbModel": ["alb request"],
    "ApiGatewayAuthorizerRequestV2": ["apigateway http-authorizer"],
    "ApiGatewayAuthorizerToken": ["apigateway authorizer"],
    "AppSyncResolverEventModel": ["appsync resolver"],
    "CloudWatchLogsModel": ["cloudwatch logs"],
    "CognitoCustomMessageTriggerModel": ["cognito custom-message"],
    "CognitoPostAuthenticationTriggerModel": ["cognito post-authentication"],
    "CognitoPostConfirmationTriggerModel": ["cognito post-confirmation"],
    "CognitoPreAuthenticationTriggerModel": ["cognito pre-authentication"],
    "CognitoPreSignupTriggerModel": ["cognito pre-sign-up"],
    "CognitoPreTokenGenerationTriggerModelV1": ["cognito pre-token-generation"],
    "DynamoDBStreamModel": ["dynamodb update"],
    "EventBridgeModel": [
        "eventbridge custom",
        "eventbridge ec2-state-change",
        "eventbridge scheduler",
    ],
    "KafkaMskEventModel": ["msk records"],
    "KafkaSelfManagedEventModel": ["kafka records"],
    "KinesisDataStreamModel": ["kinesis get-records"],
    "KinesisFirehoseModel": ["kinesis kinesis-firehose"],
    "LambdaFunctionUrlModel": ["lambda function-url"],
    "S3BatchOperationModel": ["s3 batch-invocation"],
    "S3EventNotificationEventBridgeModel": [
        "eventbridge s3-object-created",
        "eventbridge s3-object-deleted",
    ],
    "S3Model": ["s3 put", "s3 delete", "rekognition s3-request"],
    "S3ObjectLambdaEvent": ["s3 object-lambda"],
    "SqsModel": ["sqs receive-message", "sqs fifo-message"],
}
# What AWS leaves out, or sends as null, and types require: the size in `s3 delete`, `claimsOverrideDetails`.
_BY_TYPE: Final = {
    "ALBEvent": ["alb request"],
    "APIGatewayProxyEventV2": ["apigateway http-api"],
    "APIGatewayProxyWebsocketEventV2": ["apigateway websocket-message"],
    "APIGatewayRequestAuthorizerEventV2": ["apigateway http-authorizer"],
    "APIGatewayTokenAuthorizerEvent": ["apigateway authorizer"],
    "CloudWatchAlarmEvent": ["cloudwatch alarm"],
    "CloudWatchLogsEvent": ["cloudwatch logs"],
    "CodePipelineEvent": ["codepipeline job"],
    "CustomMessageTriggerEvent": ["cognito custom-message"],
    "DynamoDBStreamEvent": ["dynamodb update"],
    "EventBridgeEvent<string, object>": [
        "eventbridge custom",
        "eventbridge ec2-state-change",
        "eventbridge s3-object-created",
        "eventbridge s3-object-deleted",
    ],
    "FirehoseTransformationEvent": ["kinesis kinesis-firehose"],
    "IoTCustomAuthorizerEvent": ["iot custom-authorizer"],
    "KinesisStreamEvent": ["kinesis get-records"],
    "LambdaFunctionURLEvent": ["lambda function-url"],
    "MSKEvent": ["msk records"],
    "PostAuthenticationTriggerEvent": ["cognito post-authentication"],
    "PostConfirmationTriggerEvent": ["cognito post-confirmation"],
    "PreAuthenticationTriggerEvent": ["cognito pre-authentication"],
    "PreSignUpTriggerEvent": ["cognito pre-sign-up"],
    "S3BatchEvent": ["s3 batch-invocation"],
    "S3Event": ["s3 put", "rekognition s3-request"],
    "SNSEvent": ["sns notification"],
    "SQSEvent": ["sqs receive-message", "sqs fifo-message"],
    "SecretsManagerRotationEvent": ["secretsmanager rotation"],
    "SelfManagedKafkaEvent": ["kafka records"],
}


@pytest.fixture(scope="module")
def models() -> Path:
    """Return the folder with the models of Powertools."""
    uv = Path(sys.executable).with_name("uv")

    def build(folder: Path) -> None:
        interpreter = f"--python={sys.executable}"
        run([uv, "pip", "install", "--quiet", interpreter, f"--target={folder}", *_MODELS])

    return built_once("event-models", f"{_MODELS} {sys.version}", build)


@pytest.fixture(scope="module")
def compiler() -> tuple[Path, Path]:
    """Return Node.js, and the folder with the compiler and the types."""
    client = read_recipes().images["nodejs:22"].nodejs
    assert client is not None
    store = Store(images_folder())
    with store.alone():
        node = ingredients.nodejs(store, client.version)
    npm = node / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"

    def build(folder: Path) -> None:
        options = ["--silent", "--no-audit", "--no-fund", "--ignore-scripts", f"--prefix={folder}"]
        run([node / "bin" / "node", npm, "install", *options, *_TYPES], cwd=folder)

    return node / "bin" / "node", built_once("event-types", f"{_TYPES} {client.version}", build)


def _event(name: str) -> Json:
    return generate_event(find_event(*name.split()), {})


def _invalid(models: Path, events: list[tuple[str, str, Json]]) -> str:
    return _run(models, _VALIDATE, events)


def _run(models: Path, program: str, given: object) -> str:
    checked = subprocess.run(
        [sys.executable, "-c", program],
        input=json.dumps(given),
        env={**os.environ, "PYTHONPATH": str(models)},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return checked.stdout


def test_models_of_powertools(models: Path) -> None:
    """Every model takes its sample events, and batches of them."""
    events = [(name, model, _event(name)) for model, names in _BY_MODEL.items() for name in names]
    batches = [
        (f"three {name}", model, generate_event(event, {}, count=3))
        for name, model, _ in events
        for event in [find_event(*name.split())]
        if event.is_batch
    ]
    assert batches
    assert _invalid(models, events + batches) == ""


def test_data_classes_of_powertools(models: Path) -> None:
    """Data classes of events without a model find all their members, in batches too."""
    events = [
        (
            name,
            *_BY_DATA_CLASS[name],
            generate_event(event, {}, count=2 if event.is_batch else None),
        )
        for name in _BY_DATA_CLASS
        for event in [find_event(*name.split())]
    ]
    assert _run(models, _READ, [_PROPERTIES_LEFT_OUT, events]) == ""


def test_models_of_nested_events(models: Path) -> None:
    """What is inside another event is what AWS sends there."""
    put = find_event("s3", "put")
    in_a_queue = generate_event(put, {}, inside=[find_carrier("sqs/receive-message")])
    around = [find_carrier("sns"), find_carrier("sqs")]
    through_a_topic: Any = generate_event(put, {}, inside=around)
    notification = json.loads(through_a_topic["Records"][0]["body"])
    checked: list[tuple[str, str, Json]] = [
        ("S3 in SQS", "S3SqsEventNotificationModel", in_a_queue),
        ("SNS in SQS", "SqsModel", through_a_topic),
        ("S3 in SNS", "S3Model", json.loads(notification["Message"])),
    ]
    assert _invalid(models, checked) == ""


def test_types_of_typescript(compiler: tuple[Path, Path], tmp_path: Path) -> None:
    """A handler in TypeScript takes the sample events of its type."""
    lines = ["import type * as types from 'aws-lambda';"]
    # Members that the types lack are no error: AWS adds some before the types have them.
    lines.append("function takes<T>(): <U extends T>(event: U) => void { return () => {}; }")
    for kind, names in _BY_TYPE.items():
        lines += [f"takes<types.{kind}>()({json.dumps(_event(name))}); // {name}" for name in names]
    node, folder = compiler
    program = tmp_path / "events.ts"
    program.write_text("\n".join(lines))
    (tmp_path / "node_modules").symlink_to(folder / "node_modules")
    compiler_program = folder / "node_modules" / "typescript" / "bin" / "tsc"
    options = ["--strict", "--noEmit", "--skipLibCheck", "--types", "aws-lambda"]
    run([node, compiler_program, *options, program], cwd=tmp_path)


def test_events_of_samlocals_own_are_checked() -> None:
    """Each event that is not sam's has a model, a type or a data class, but for those that no package has."""
    checked = {name for names in (*_BY_MODEL.values(), *_BY_TYPE.values()) for name in names}
    checked.update(_BY_DATA_CLASS)
    own = {
        f"{service} {name}"
        for service in all_services()
        for name in event_names(service)
        if find_event(service, name).source
    }
    assert own - checked == {
        "documentdb change",
        "iot button",
        "iot rule",
        "lambda destination",
    }
