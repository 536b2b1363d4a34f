"""`Ref` and `Fn::GetAtt` of resources: sam's names where it gives any, AWS's formats everywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from samlocal.project.attributes import RESOURCE_TYPES, fill_in
from samlocal.project.pseudo import Surroundings

if TYPE_CHECKING:
    from tests.unit.project.conftest import ValueOf

ACCOUNT = "us-east-1:123456789012"


@pytest.mark.parametrize(
    ("resource", "expression", "value"),
    [
        ("AWS::DynamoDB::Table", "!Ref R", "R"),
        ("AWS::DynamoDB::Table, Properties: {TableName: t}", "!Ref R", "t"),
        ("AWS::DynamoDB::Table", "!GetAtt R.Arn", f"arn:aws:dynamodb:{ACCOUNT}:table/R"),
        (
            "AWS::DynamoDB::Table, Properties: {TableName: t}",
            "!Sub '${R.Arn}/index/*'",
            f"arn:aws:dynamodb:{ACCOUNT}:table/t/index/*",
        ),
        ("AWS::S3::Bucket", "!GetAtt R.Arn", "arn:aws:s3:::R"),
        ("AWS::S3::Bucket", "!GetAtt R.DomainName", "R.s3.amazonaws.com"),
        ("AWS::S3::Bucket", "!GetAtt R.WebsiteURL", "http://R.s3-website-us-east-1.amazonaws.com"),
        ("AWS::SQS::Queue", "!Ref R", "R"),
        (
            "AWS::SQS::Queue, Properties: {QueueName: q.fifo}",
            "!Ref R",
            "https://sqs.us-east-1.amazonaws.com/123456789012/q.fifo",
        ),
        ("AWS::SNS::Topic", "!Ref R", "R"),
        ("AWS::SNS::Topic, Properties: {TopicName: t}", "!Ref R", f"arn:aws:sns:{ACCOUNT}:t"),
        ("AWS::SNS::Topic", "!GetAtt R.TopicName", "R"),
        ("AWS::IAM::Role", "!GetAtt R.Arn", "arn:aws:iam::123456789012:role/R"),
        ("AWS::KMS::Key", "!GetAtt R.Arn", f"arn:aws:kms:{ACCOUNT}:key/R"),
        ("AWS::Kinesis::Stream", "!GetAtt R.Arn", f"arn:aws:kinesis:{ACCOUNT}:stream/R"),
        ("AWS::Events::EventBus", "!GetAtt R.Name", "R"),
        (
            "AWS::StepFunctions::StateMachine",
            "!GetAtt R.Arn",
            f"arn:aws:states:{ACCOUNT}:stateMachine:R",
        ),
        (
            "AWS::ECR::Repository, Properties: {RepositoryName: team/app}",
            "!GetAtt R.RepositoryUri",
            "123456789012.dkr.ecr.us-east-1.amazonaws.com/team/app",
        ),
        ("AWS::SSM::Parameter, Properties: {Value: v}", "!GetAtt R.Value", "v"),
        ("AWS::SSM::Parameter, Properties: {Name: /p, Value: v}", "!Ref R", "/p"),
        ("AWS::Lambda::Function, Properties: {FunctionName: f}", "!Ref R", "f"),
        ("AWS::Lambda::LayerVersion", "!Ref R", f"arn:aws:lambda:{ACCOUNT}:layer:R:1"),
        ("AWS::Unheard::Of", "!Ref R", "R"),
        ("AWS::Unheard::Of", "!GetAtt R.Arn", None),
        ("AWS::DynamoDB::Table", "!GetAtt R.StreamArn", None),
        ("Custom::Thing", "!GetAtt R.Outcome", None),
    ],
)
def test_names_of_resources(
    value_of: ValueOf, resource: str, expression: str, value: str | None
) -> None:
    """What follows from a resource's name is known; anything else isn't made up."""
    assert value_of(expression, resources=f"R: {{Type: {resource}}}") == value


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("!Ref ServerlessRestApi", "ServerlessRestApi"),
        ("!Ref ServerlessRestApiProdStage", "ServerlessRestApiProdStage"),
        ("!GetAtt FRole.Arn", "arn:aws:iam::123456789012:role/FRole"),
        ("!Ref FRole", "FRole"),
        ("!GetAtt FRole.RoleId", None),
        ("!Ref S.Version", f"arn:aws:lambda:{ACCOUNT}:function:S:1"),
        ("!Ref S.Alias", f"arn:aws:lambda:{ACCOUNT}:function:S:live"),
        ("!Sub '${S.Alias}'", f"arn:aws:lambda:{ACCOUNT}:function:S:live"),
        ("!Sub '${S.Nothing}'", None),
    ],
)
def test_resources_that_sam_makes(value_of: ValueOf, expression: str, value: str | None) -> None:
    """Templates refer to what only SAM's transform creates."""
    resources = "S: {Type: AWS::Serverless::Function, Properties: {AutoPublishAlias: live}}"
    assert value_of(expression, resources=resources) == value


@pytest.mark.parametrize("kind", sorted(RESOURCE_TYPES))
def test_every_pattern_can_be_filled_in(kind: str) -> None:
    """No pattern has a placeholder that nothing fills."""
    names = Surroundings(region="cn-north-1").names()
    known = RESOURCE_TYPES[kind]
    for pattern in (known.ref, *known.attributes.values()):
        filled = fill_in(pattern, "name", names)
        assert "$" not in filled
        assert not filled.startswith("arn:") or filled.startswith("arn:aws-cn:")


@pytest.mark.parametrize(
    ("region", "partition", "suffix"),
    [
        ("eu-west-1", "aws", "amazonaws.com"),
        ("cn-northwest-1", "aws-cn", "amazonaws.com.cn"),
        ("us-gov-west-1", "aws-us-gov", "amazonaws.com"),
    ],
)
def test_partitions(region: str, partition: str, suffix: str) -> None:
    """The region decides the partition and the suffix of host names."""
    surroundings = Surroundings(region=region)
    assert (surroundings.partition, surroundings.url_suffix) == (partition, suffix)
