"""Usage plans and their keys, of SAM and of plain CloudFormation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from samlocal.project.apis import RateLimit, UsagePlan

if TYPE_CHECKING:
    from tests.unit.cloudformation.apis.conftest import OneApi, ReadTemplate

PLAIN = """
Resources:
  F: {Type: AWS::Lambda::Function}
  Api: {Type: AWS::ApiGateway::RestApi, Properties: {Name: shop}}
  Get:
    Type: AWS::ApiGateway::Method
    Properties:
      RestApiId: !Ref Api
      ResourceId: !GetAtt Api.RootResourceId
      HttpMethod: GET
      Integration: {Type: AWS_PROXY, Uri: !Sub 'arn:aws:apigateway:x:lambda:path/2015-03-31/functions/${F.Arn}/invocations'}
  Stage: {Type: AWS::ApiGateway::Stage, Properties: {RestApiId: !Ref Api, StageName: dev}}
  Key: {Type: AWS::ApiGateway::ApiKey, Properties: {Name: gold-key}}
  Unlinked: {Type: AWS::ApiGateway::ApiKey}
  Link: {Type: AWS::ApiGateway::UsagePlanKey, Properties: {KeyId: !Ref Key, KeyType: API_KEY, UsagePlanId: !Ref Gold}}
  Gold: {Type: AWS::ApiGateway::UsagePlan, Properties: {%s}}
"""
SAM = """
Transform: AWS::Serverless-2016-10-31
Resources:
  Api:
    Type: AWS::Serverless::Api
    Properties: {StageName: dev, Auth: {ApiKeyRequired: true, UsagePlan: %s}}
  F:
    Type: AWS::Serverless::Function
    Properties:
      Events: {Get: {Type: Api, Properties: {Path: /, Method: get, RestApiId: !Ref Api}}}
"""
LIMITS = "Throttle: {RateLimit: 0.5, BurstLimit: 3}, Quota: {Limit: 9, Period: WEEK}"


@pytest.mark.parametrize(
    ("properties", "plans"),
    [
        pytest.param(
            f"ApiStages: [{{ApiId: !Ref Api, Stage: !Ref Stage}}], {LIMITS}",
            (
                UsagePlan(
                    name="Gold",
                    keys=("Key", "Key", "gold-key"),
                    rate=RateLimit(rate=0.5, burst=3),
                    quota=9,
                    quota_period="WEEK",
                ),
            ),
            id="limits",
        ),
        pytest.param(
            "ApiStages: [{ApiId: !Ref Api, Stage: dev}]",
            (UsagePlan(name="Gold", keys=("Key", "Key", "gold-key")),),
            id="no limits",
        ),
        pytest.param(
            "ApiStages: [{ApiId: !Ref Api, Stage: dev, Throttle: {/GET: {RateLimit: 2}, /PUT: {BurstLimit: 1}}}]",
            (
                UsagePlan(
                    name="Gold",
                    keys=("Key", "Key", "gold-key"),
                    methods={"/GET": RateLimit(rate=2)},
                ),
            ),
            id="methods",
        ),
        pytest.param("ApiStages: [{ApiId: !Ref Api, Stage: live}]", (), id="another stage"),
        pytest.param("ApiStages: [{ApiId: other, Stage: dev}]", (), id="another API"),
        pytest.param("UsagePlanName: x", (), id="no stages"),
    ],
)
def test_resources(one_api: OneApi, properties: str, plans: tuple[UsagePlan, ...]) -> None:
    """A plan with the stage of an API applies to it, for each of the plan's keys."""
    assert one_api(PLAIN % properties).usage_plans == plans


@pytest.mark.parametrize(
    ("properties", "plans"),
    [
        pytest.param(
            f"{{CreateUsagePlan: PER_API, {LIMITS}}}",
            (
                UsagePlan(
                    name="ApiUsagePlan",
                    keys=("ApiApiKey",),
                    rate=RateLimit(rate=0.5, burst=3),
                    quota=9,
                    quota_period="WEEK",
                ),
            ),
            id="of the API",
        ),
        pytest.param(
            "{CreateUsagePlan: SHARED}",
            (UsagePlan(name="ServerlessUsagePlan", keys=("ServerlessApiKey",)),),
            id="shared",
        ),
        pytest.param("{CreateUsagePlan: NONE}", (), id="none"),
    ],
)
def test_sam(one_api: OneApi, properties: str, plans: tuple[UsagePlan, ...]) -> None:
    """SAM makes a plan with one key, by the ids that it gives them."""
    assert one_api(SAM % properties).usage_plans == plans


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param(
            SAM % "{CreateUsagePlan: PER_API, Quota: {Limit: many}}",
            "skipping the usage plan of `Api`: `Limit` must be a whole number of at least 0, not `many`",
            id="SAM",
        ),
        pytest.param(
            PLAIN % "ApiStages: [{ApiId: !Ref Api, Stage: dev}], Quota: {Limit: 1, Period: YEAR}",
            "skipping `Gold`: `Period` must be DAY, WEEK or MONTH, not `YEAR`",
            id="resource",
        ),
    ],
)
def test_plans_with_errors(read_template: ReadTemplate, text: str, message: str) -> None:
    """An error is named with its place, and the API is served."""
    found = read_template(text)
    (api,) = found.apis
    assert api.usage_plans == ()
    (said,) = (*found.diagnostics, *api.failures)
    assert said.message == message
    assert said.place is not None


def test_keys_of_other_plans(read_template: ReadTemplate) -> None:
    """An API with a usage plan knows the keys that only others have; one without takes any."""
    apis = "".join(
        f"  {name}: {{Type: AWS::Serverless::Api, Properties: {{StageName: dev, Auth: {auth}}}}}\n"
        for name, auth in {
            "One": "{UsagePlan: {CreateUsagePlan: PER_API}}",
            "Two": "{UsagePlan: {CreateUsagePlan: PER_API}}",
            "Open": "{ApiKeyRequired: true}",
        }.items()
    )
    found = read_template(f"Transform: AWS::Serverless-2016-10-31\nResources:\n{apis}")
    assert {api.full_path: api.foreign_keys for api in found.apis} == {
        "One": ("TwoApiKey",),
        "Two": ("OneApiKey",),
        "Open": (),
    }
