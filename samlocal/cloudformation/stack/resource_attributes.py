"""What `Ref` and `Fn::GetAtt` give for resources that are not deployed.

A resource has the name in its template. A name that CloudFormation would generate is the logical id, as in
sam. An id that the service would generate is unknown before deployment. In ARNs and URLs the logical id
replaces it, with a diagnostic; for APIs everywhere, because templates build URLs from the bare id. The module
`ref_values` has the types that are not here. ARNs and URLs follow from names as AWS documents it:
https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-template-resource-type-ref.html
"""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, Final

from samlocal.frozen_dataclass import frozen

if TYPE_CHECKING:
    from collections.abc import Mapping


@frozen
class ResourceType:
    """The names and attributes of one type of resource; `$name` is the placeholder for its name.

    `name_property` is the property with the name, and `ref` is what `Ref` gives, None for types that
    are only in `ref_values`. `of_property` has the attributes that repeat a property. With
    `has_generated_id` the logical id replaces a generated id.
    """

    name_property: str | None = None
    ref: str | None = "$name"
    attributes: Mapping[str, str] = field(default_factory=dict)
    of_property: Mapping[str, str] = field(default_factory=dict)
    has_generated_id: bool = False


def _arn(service: str, resource: str) -> str:
    return f"arn:$partition:{service}:$region:$account:{resource}"


def _global_arn(service: str, resource: str, account: str = "$account") -> str:
    return f"arn:$partition:{service}::{account}:{resource}"


def _with_arn(name_property: str | None, arn: str, **more: str) -> ResourceType:
    return ResourceType(name_property=name_property, attributes={"Arn": arn, **more})


def _known_by_arn(name_property: str | None, arn: str, **more: str) -> ResourceType:
    attributes = {"Arn": arn, **more}
    return ResourceType(name_property=name_property, ref=arn, attributes=attributes)


def _with_id(arn: str, **more: str) -> ResourceType:
    return ResourceType(ref=None, attributes={"Arn": arn, **more}, has_generated_id=True)


_FUNCTION: Final = _with_arn("FunctionName", _arn("lambda", "function:$name"))
_TABLE: Final = _with_arn("TableName", _arn("dynamodb", "table/$name"))
_STATE_MACHINE_ARN: Final = _arn("states", "stateMachine:$name")
_REST_API: Final = ResourceType(attributes={"RestApiId": "$name"}, has_generated_id=True)
_HTTP_API: Final = ResourceType(
    attributes={"ApiId": "$name", "ApiEndpoint": "https://$name.execute-api.$region.$suffix"},
    has_generated_id=True,
)
_QUEUE_URL: Final = "https://sqs.$region.$suffix/$account/$name"
LAYER_ARN: Final = _arn("lambda", "layer:$name:1")
LAYER_VERSION: Final = ResourceType(
    name_property="LayerName",
    ref=LAYER_ARN,
    attributes={"LayerVersionArn": LAYER_ARN, "Arn": LAYER_ARN},
)
_SECRET_ARN: Final = _arn("secretsmanager", "secret:$name")

RESOURCE_TYPES: Final[Mapping[str, ResourceType]] = {
    "AWS::ApiGateway::RestApi": _REST_API,
    "AWS::ApiGatewayV2::Api": _HTTP_API,
    "AWS::CloudWatch::Alarm": _with_arn("AlarmName", _arn("cloudwatch", "alarm:$name")),
    "AWS::CodeBuild::Project": _with_arn("Name", _arn("codebuild", "project/$name")),
    "AWS::Cognito::UserPool": _with_id(
        _arn("cognito-idp", "userpool/$name"),
        ProviderName="cognito-idp.$region.$suffix/$name",
        ProviderURL="https://cognito-idp.$region.$suffix/$name",
    ),
    "AWS::DynamoDB::GlobalTable": _TABLE,
    "AWS::DynamoDB::Table": _TABLE,
    "AWS::ECR::Repository": _with_arn(
        "RepositoryName",
        _arn("ecr", "repository/$name"),
        RepositoryUri="$account.dkr.ecr.$region.$suffix/$name",
    ),
    "AWS::ECS::Cluster": _with_arn("ClusterName", _arn("ecs", "cluster/$name")),
    "AWS::EFS::AccessPoint": _with_id(_arn("elasticfilesystem", "access-point/$name")),
    "AWS::EFS::FileSystem": _with_id(_arn("elasticfilesystem", "file-system/$name")),
    "AWS::Events::Connection": ResourceType(name_property="Name"),
    "AWS::Events::EventBus": _with_arn("Name", _arn("events", "event-bus/$name"), Name="$name"),
    "AWS::Events::Rule": _with_arn("Name", _arn("events", "rule/$name")),
    "AWS::IAM::ManagedPolicy": _known_by_arn(
        "ManagedPolicyName",
        _global_arn("iam", "policy/$name"),
        PolicyArn=_global_arn("iam", "policy/$name"),
    ),
    "AWS::IAM::Role": _with_arn("RoleName", _global_arn("iam", "role/$name")),
    "AWS::IAM::User": _with_arn("UserName", _global_arn("iam", "user/$name")),
    "AWS::Kinesis::Stream": _with_arn("Name", _arn("kinesis", "stream/$name")),
    "AWS::KinesisFirehose::DeliveryStream": _with_arn(
        "DeliveryStreamName", _arn("firehose", "deliverystream/$name")
    ),
    "AWS::KMS::Alias": ResourceType(name_property="AliasName"),
    "AWS::KMS::Key": _with_id(_arn("kms", "key/$name")),
    "AWS::Lambda::Function": _FUNCTION,
    "AWS::Lambda::LayerVersion": LAYER_VERSION,
    "AWS::Logs::LogGroup": _with_arn("LogGroupName", _arn("logs", "log-group:$name:*")),
    "AWS::S3::Bucket": _with_arn(
        "BucketName",
        _global_arn("s3", "$name", account=""),
        DomainName="$name.s3.$suffix",
        DualStackDomainName="$name.s3.dualstack.$region.$suffix",
        RegionalDomainName="$name.s3.$region.$suffix",
        WebsiteURL="http://$name.s3-website-$region.$suffix",
    ),
    "AWS::Scheduler::ScheduleGroup": _with_arn("Name", _arn("scheduler", "schedule-group/$name")),
    "AWS::SecretsManager::Secret": _known_by_arn("Name", _SECRET_ARN, Id=_SECRET_ARN),
    "AWS::Serverless::Api": _REST_API,
    "AWS::Serverless::Function": _FUNCTION,
    "AWS::Serverless::HttpApi": _HTTP_API,
    "AWS::Serverless::LayerVersion": LAYER_VERSION,
    "AWS::Serverless::SimpleTable": _TABLE,
    "AWS::Serverless::StateMachine": _known_by_arn("Name", _STATE_MACHINE_ARN, Name="$name"),
    "AWS::Serverless::WebSocketApi": _HTTP_API,
    "AWS::SNS::Topic": ResourceType(
        name_property="TopicName",
        ref=_arn("sns", "$name"),
        attributes={
            "Arn": _arn("sns", "$name"),
            "TopicArn": _arn("sns", "$name"),
            "TopicName": "$name",
        },
    ),
    "AWS::SQS::Queue": ResourceType(
        name_property="QueueName",
        ref=_QUEUE_URL,
        attributes={"Arn": _arn("sqs", "$name"), "QueueName": "$name", "QueueUrl": _QUEUE_URL},
    ),
    "AWS::SSM::Parameter": ResourceType(
        name_property="Name", of_property={"Type": "Type", "Value": "Value"}
    ),
    "AWS::StepFunctions::Activity": _known_by_arn(
        "Name", _arn("states", "activity:$name"), Name="$name"
    ),
    "AWS::StepFunctions::StateMachine": _known_by_arn(
        "StateMachineName", _STATE_MACHINE_ARN, Name="$name"
    ),
}


def fill_in(pattern: str, name: str, names: Mapping[str, str]) -> str:
    """Fill a resource's name and its stack's context into a pattern of this module."""
    for word, value in names.items():
        pattern = pattern.replace(f"${word}", value)
    return pattern.replace("$name", name)
