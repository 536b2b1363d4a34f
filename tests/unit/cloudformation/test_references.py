"""`Ref` and `Fn::GetAtt` of resources: names as in sam, formats as in AWS."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from samlocal.cloudformation.intrinsics.pseudo_parameters import StackContext
from samlocal.cloudformation.stack.resource_attributes import RESOURCE_TYPES, fill_in

if TYPE_CHECKING:
    from tests.unit.cloudformation.conftest import Evaluate, ValueOf

ACCOUNT = "us-east-1:123456789012"
ROLE = "arn:aws:iam::123456789012:role"
PROJECTS = Path(__file__).parents[2] / "projects"


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
        ("AWS::SQS::Queue", "!Ref R", "https://sqs.us-east-1.amazonaws.com/123456789012/R"),
        (
            "AWS::SQS::Queue, Properties: {QueueName: q.fifo}",
            "!Ref R",
            "https://sqs.us-east-1.amazonaws.com/123456789012/q.fifo",
        ),
        ("AWS::SNS::Topic", "!Ref R", f"arn:aws:sns:{ACCOUNT}:R"),
        ("AWS::SNS::Topic", "!Sub '${R}/x'", f"arn:aws:sns:{ACCOUNT}:R/x"),
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
        ("AWS::SecretsManager::Secret", "!Ref R", f"arn:aws:secretsmanager:{ACCOUNT}:secret:R"),
        ("AWS::StepFunctions::StateMachine", "!Ref R", f"arn:aws:states:{ACCOUNT}:stateMachine:R"),
        ("AWS::Unheard::Of", "!Ref R", None),
        ("AWS::EC2::VPC", "!Ref R", None),
        ("AWS::CloudFront::Distribution", "!Ref R", None),
        ("AWS::Cognito::UserPool, Properties: {UserPoolName: p}", "!Ref R", None),
        ("AWS::CloudFormation::Stack, Properties: {TemplateURL: s3://b/k}", "!Ref R", None),
        ("Custom::Thing", "!Ref R", None),
        ("AWS::ApiGateway::Stage, Properties: {StageName: prod, RestApiId: a}", "!Ref R", "prod"),
        ("AWS::ApiGatewayV2::Stage, Properties: {StageName: $default}", "!Ref R", "$default"),
        ("AWS::ApiGateway::Stage, Properties: {StageName: !ImportValue s}", "!Ref R", None),
        ("AWS::ApiGateway::DomainName, Properties: {DomainName: a.example}", "!Ref R", "a.example"),
        ("AWS::ApiGateway::Deployment, Properties: {StageName: prod}", "!Ref R", None),
        ("AWS::RDS::DBInstance, Properties: {DBInstanceIdentifier: db}", "!Ref R", "db"),
        ("AWS::RDS::DBInstance", "!Ref R", None),
        ("AWS::Glue::Table, Properties: {TableInput: {Name: t}}", "!Ref R", "t"),
        ("AWS::Timestream::Table, Properties: {DatabaseName: d, TableName: t}", "!Ref R", "d|t"),
        ("AWS::Timestream::Table, Properties: {DatabaseName: d}", "!Ref R", None),
        (
            "AWS::SecretsManager::SecretTargetAttachment, Properties: {SecretId: !Ref R2}",
            "!Ref R",
            f"arn:aws:secretsmanager:{ACCOUNT}:secret:R2",
        ),
        ("AWS::Unheard::Of", "!GetAtt R.Arn", None),
        ("AWS::DynamoDB::Table", "!GetAtt R.StreamArn", None),
        ("Custom::Thing", "!GetAtt R.Outcome", None),
    ],
)
def test_names_of_resources(
    value_of: ValueOf, resource: str, expression: str, value: str | None
) -> None:
    """A value that follows from a resource's name is known; any other is unknown."""
    resources = f"R: {{Type: {resource}}}\nR2: {{Type: AWS::SecretsManager::Secret}}"
    assert value_of(expression, resources=resources) == value


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("!Ref ServerlessRestApi", "ServerlessRestApi"),
        ("!Ref ServerlessRestApiProdStage", "Prod"),
        ("!Ref ServerlessRestApi.Stage", "Prod"),
        ("!Ref ServerlessRestApiDeployment0123456789", None),
        ("!Ref ServerlessHttpApi", "ServerlessHttpApi"),
        ("!Ref ServerlessHttpApiApiGatewayDefaultStage", "$default"),
        ("!Ref Rest.Stage", "v1"),
        ("!Sub '${Rest.Stage}'", "v1"),
        ("!Ref Restv1Stage", "v1"),
        ("!Ref Rest.Deployment", None),
        ("!Ref Rest.DomainName", "api.example.com"),
        ("!Ref Http.Stage", "$default"),
        ("!Ref HttpApiGatewayDefaultStage", "$default"),
        ("!Ref Plain.Stage", "$default"),
        ("!Ref PlainApiGatewayDefaultStage", "$default"),
        ("!Ref Socket.Stage", "default"),
        ("!Ref SocketDefaultStage", "default"),
        ("!Ref Dashed.Stage", "v-1"),
        ("!Ref DashedStage065afdce56", "v-1"),
        ("!Ref Chosen.Stage", "v1"),
        ("!Ref ChosenStage", "v1"),
        ("!Ref Chosenv1Stage", "v1"),
        ("!GetAtt FRole.Arn", "arn:aws:iam::123456789012:role/FRole"),
        ("!Ref FRole", "FRole"),
        ("!GetAtt FRole.RoleId", None),
        ("!Ref S.Version", f"arn:aws:lambda:{ACCOUNT}:function:S:1"),
        ("!GetAtt S.Version.Version", "1"),
        ("!Ref S.Alias", f"arn:aws:lambda:{ACCOUNT}:function:S:live-1"),
        ("!Ref SAliasliveD1", f"arn:aws:lambda:{ACCOUNT}:function:S:live-1"),
        ("!Sub '${S.Alias}'", f"arn:aws:lambda:{ACCOUNT}:function:S:live-1"),
        ("!Sub '${S.Nothing}'", None),
        ("!Ref SDeploymentGroup", None),
        ("!Ref ServerlessDeploymentApplication", None),
        ("!GetAtt CodeDeployServiceRole.Arn", f"{ROLE}/CodeDeployServiceRole"),
        ("!Ref S.DestinationTopic", f"arn:aws:sns:{ACCOUNT}:SEventInvokeConfigOnSuccessTopic"),
        ("!Sub '${S.DestinationTopic.TopicName}'", "SEventInvokeConfigOnSuccessTopic"),
        (
            "!Ref SEventInvokeConfigOnSuccessTopic",
            f"arn:aws:sns:{ACCOUNT}:SEventInvokeConfigOnSuccessTopic",
        ),
        (
            "!Ref S.DestinationQueue",
            "https://sqs.us-east-1.amazonaws.com/123456789012/SEventInvokeConfigOnFailureQueue",
        ),
        (
            "!GetAtt S.DestinationQueue.Arn",
            f"arn:aws:sqs:{ACCOUNT}:SEventInvokeConfigOnFailureQueue",
        ),
        ("!Ref SUrl", None),
        ("!GetAtt SUrl.FunctionUrl", None),
        ("!Ref SNightly", "nightly"),
        ("!GetAtt SNightly.Arn", f"arn:aws:events:{ACCOUNT}:rule/nightly"),
        ("!Ref SPolled", None),
        ("!Ref SLater", "SLater"),
        ("!GetAtt SLaterRole.Arn", f"{ROLE}/SLaterRole"),
        ("!Ref SUnnamed", None),
        ("!Ref SGivenRole", None),
        ("!Ref SSeen", "seen"),
        ("!GetAtt SSeenQueue.Arn", f"arn:aws:sqs:{ACCOUNT}:SSeenQueue"),
        ("!GetAtt Lost.Arn", f"arn:aws:sqs:{ACCOUNT}:Lost"),
        ("!Ref SKeptQueue", None),
        ("!Ref SHeardQueue", "https://sqs.us-east-1.amazonaws.com/123456789012/SHeardQueue"),
        ("!GetAtt MachineRole.Arn", f"{ROLE}/MachineRole"),
        ("!Ref MachineHourly", "hourly"),
        ("!GetAtt MachineHourlyRole.Arn", f"{ROLE}/MachineHourlyRole"),
        ("!Ref MachineNightlyRole", None),
    ],
)
def test_resources_that_sam_generates(
    value_of: ValueOf, expression: str, value: str | None
) -> None:
    """Templates may refer to generated resources by their logical ids and names."""
    resources = (PROJECTS / "sam-generated" / "resources.yaml").read_text()
    assert value_of(expression, resources=resources) == value


def test_globals_apply_to_generated_resources(value_of: ValueOf) -> None:
    """A global `AutoPublishAlias` generates an alias for each function."""
    sections = "Globals: {Function: {AutoPublishAlias: live}}"
    arn = f"arn:aws:lambda:{ACCOUNT}:function:G:live"
    resources = "G: {Type: AWS::Serverless::Function}"
    assert value_of("!Ref G.Alias", sections, resources=resources) == arn
    assert value_of("!Ref GAliaslive", sections, resources=resources) == arn


@pytest.mark.parametrize("kind", ["Api", "HttpApi"])
def test_the_domain_of_all_apis_is_one_of_each(value_of: ValueOf, kind: str) -> None:
    """A global `Domain` generates a domain name for each API, unless the API ignores it."""
    domain = "{DomainName: api.example.com, CertificateArn: arn}"
    sections = f"Globals: {{{kind}: {{Domain: {domain}}}}}"
    resources = f"""
    A: {{Type: AWS::Serverless::{kind}, Properties: {{StageName: v1}}}}
    B: {{Type: AWS::Serverless::{kind}, IgnoreGlobals: [Domain], Properties: {{StageName: v1}}}}
    """
    assert value_of("!Ref A.DomainName", sections, resources=resources) == "api.example.com"
    assert value_of("!Ref B.DomainName", sections, resources=resources) is None


@pytest.mark.parametrize("name", ["RecordSetGroup0123456789", "ServerlessUsagePlan"])
def test_names_that_only_the_transform_generates(evaluate: Evaluate, name: str) -> None:
    """A resource that SAM generates for several others is known only after deployment, not an error."""
    (diagnostic,) = evaluate(f"!Ref {name}").diagnostics
    assert diagnostic.message == (f"skipping `VALUE`: `{name}` is known only after deployment")


def test_a_url_with_a_generated_id_is_reported(evaluate: Evaluate) -> None:
    """A URL of an API has its logical id and its real stage name, with a diagnostic."""
    resources = """
    Rest: {Type: AWS::ApiGateway::RestApi}
    Stage: {Type: AWS::ApiGateway::Stage, Properties: {StageName: prod, RestApiId: !Ref Rest}}
    """
    url = "!Sub 'https://${Rest}.execute-api.${AWS::Region}.${AWS::URLSuffix}/${Stage}/'"
    function = evaluate(url, resources=resources)
    value = function.environment["VALUE"].value
    assert value == "https://Rest.execute-api.us-east-1.amazonaws.com/prod/"
    (diagnostic,) = function.diagnostics
    assert diagnostic.message == (
        "`Rest` gets its id at deployment; samlocal uses its logical id instead"
    )
    assert str(diagnostic.place).endswith("template.yaml:10:3")


@pytest.mark.parametrize(
    ("kind", "expression", "value"),
    [
        ("AWS::KMS::Key", "!GetAtt R.Arn", f"arn:aws:kms:{ACCOUNT}:key/R"),
        (
            "AWS::Cognito::UserPool",
            "!GetAtt R.ProviderName",
            "cognito-idp.us-east-1.amazonaws.com/R",
        ),
    ],
)
def test_an_arn_with_a_generated_id_is_reported(
    evaluate: Evaluate, kind: str, expression: str, value: str
) -> None:
    """An ARN or a URL with a logical id instead of a generated id causes a diagnostic."""
    function = evaluate(expression, resources=f"R: {{Type: {kind}}}")
    assert function.environment["VALUE"].value == value
    (diagnostic,) = function.diagnostics
    assert diagnostic.message == (
        "`R` gets its id at deployment; samlocal uses its logical id instead"
    )


@pytest.mark.parametrize("kind", sorted(RESOURCE_TYPES))
def test_every_pattern_can_be_filled_in(kind: str) -> None:
    """No pattern has an unknown placeholder."""
    names = StackContext(region="cn-north-1").names()
    known = RESOURCE_TYPES[kind]
    for pattern in (known.ref or "", *known.attributes.values()):
        filled = fill_in(pattern, "name", names)
        assert "$" not in filled
        assert not filled.startswith("arn:") or filled.startswith("arn:aws-cn:")


@pytest.mark.parametrize(
    ("region", "partition", "suffix"),
    [
        ("eu-west-1", "aws", "amazonaws.com"),
        ("cn-northwest-1", "aws-cn", "amazonaws.com.cn"),
        ("us-gov-west-1", "aws-us-gov", "amazonaws.com"),
        ("eusc-de-east-1", "aws-eusc", "amazonaws.eu"),
        ("us-isob-east-1", "aws-iso-b", "sc2s.sgov.gov"),
    ],
)
def test_partitions(region: str, partition: str, suffix: str) -> None:
    """The partition and the suffix of host names follow from the region."""
    context = StackContext(region=region)
    assert (context.partition, context.url_suffix) == (partition, suffix)
