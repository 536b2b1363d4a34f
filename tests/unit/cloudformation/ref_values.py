"""Generates the table of what `Ref` gives, `samlocal/cloudformation/stack/ref_values.json`.

It has every type of resource whose `Ref` is made of its own properties. That is the type's primary
identifier in CloudFormation's registry, whose schemas cfn-lint ships; several properties are joined with
`|`. `DOCUMENTED` says where AWS's page about a type says otherwise.

    UPDATE_REF_VALUES=1 .venv/bin/python -m pytest tests/unit/cloudformation/test_ref_values.py

writes the table from the schemas of the installed cfn-lint.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-template-resource-type-ref.html
https://docs.aws.amazon.com/cloudcontrolapi/latest/userguide/resource-identifier.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER  # type: ignore[import-untyped]

from samlocal.cloudformation.stack.ref_values import JOINED_WITH, NESTED_WITH

if TYPE_CHECKING:
    from collections.abc import Mapping

REGION: Final = "us-east-1"
_PROPERTIES: Final = "/properties/"

# What "Return values" says on a type's page, where the schema says something else: the property, or
# None for something that only the service knows.
DOCUMENTED: Final[Mapping[str, str | None]] = {
    "AWS::ACMPCA::Permission": None,
    "AWS::ApiGateway::BasePathMapping": None,
    "AWS::ApiGateway::DocumentationVersion": None,
    "AWS::ApiGateway::Method": None,
    "AWS::ApiGateway::Model": "Name",
    "AWS::ApiGateway::Stage": "StageName",
    "AWS::ApiGatewayV2::Stage": "StageName",
    "AWS::AppStream::StackUserAssociation": None,
    "AWS::AppStream::User": None,
    "AWS::Athena::PreparedStatement": "StatementName",
    "AWS::AutoScaling::LifecycleHook": "LifecycleHookName",
    "AWS::Batch::JobDefinition": None,
    "AWS::Budgets::Budget": "Budget/BudgetName",
    "AWS::CloudFormation::Macro": "Name",
    "AWS::CodeBuild::Project": "Name",
    "AWS::CodeDeploy::DeploymentGroup": "DeploymentGroupName",
    "AWS::CodePipeline::CustomActionType": None,
    "AWS::CodePipeline::Webhook": "Name",
    "AWS::Cognito::IdentityPoolRoleAttachment": "IdentityPoolId",
    "AWS::Cognito::UserPoolDomain": "Domain",
    "AWS::Cognito::UserPoolGroup": "GroupName",
    "AWS::Cognito::UserPoolIdentityProvider": "ProviderName",
    "AWS::Cognito::UserPoolResourceServer": "Identifier",
    "AWS::Cognito::UserPoolRiskConfigurationAttachment": None,
    "AWS::Cognito::UserPoolUICustomizationAttachment": None,
    "AWS::Cognito::UserPoolUser": "Username",
    "AWS::Cognito::UserPoolUserToGroupAttachment": None,
    "AWS::Config::AggregationAuthorization": None,
    "AWS::DAX::Cluster": "ClusterName",
    "AWS::Detective::OrganizationAdmin": None,
    "AWS::DocDB::DBCluster": "DBClusterIdentifier",
    "AWS::DocDB::DBInstance": "DBInstanceIdentifier",
    "AWS::EC2::GatewayRouteTableAssociation": None,
    "AWS::EC2::VPCDHCPOptionsAssociation": None,
    "AWS::EC2::VPCEndpointServicePermissions": None,
    "AWS::EC2::VPNConnectionRoute": None,
    "AWS::EC2::VolumeAttachment": None,
    "AWS::ECS::PrimaryTaskSet": None,
    "AWS::EMR::StudioSessionMapping": None,
    "AWS::Elasticsearch::Domain": "DomainName",
    "AWS::Events::EventBusPolicy": None,
    "AWS::Events::Rule": "Name",
    "AWS::Glue::Connection": "ConnectionInput/Name",
    "AWS::Glue::Database": "DatabaseInput/Name",
    "AWS::Glue::DevEndpoint": "EndpointName",
    "AWS::Glue::SchemaVersionMetadata": None,
    "AWS::Glue::Table": "TableInput/Name",
    "AWS::GuardDuty::Filter": "Name",
    "AWS::GuardDuty::Master": "MasterId",
    "AWS::GuardDuty::Member": "MemberId",
    "AWS::IoT::Logging": None,
    "AWS::IoT::Policy": "PolicyName",
    "AWS::IoT::PolicyPrincipalAttachment": None,
    "AWS::IoT::ThingPrincipalAttachment": None,
    "AWS::Lambda::EventInvokeConfig": None,
    "AWS::Logs::LogStream": "LogStreamName",
    "AWS::Logs::MetricFilter": "FilterName",
    "AWS::Logs::SubscriptionFilter": "FilterName",
    "AWS::OpenSearchServerless::AccessPolicy": "Name",
    "AWS::OpenSearchServerless::SecurityPolicy": "Name",
    "AWS::Panorama::PackageVersion": None,
    "AWS::Pinpoint::ADMChannel": "ApplicationId",
    "AWS::Pinpoint::APNSChannel": "ApplicationId",
    "AWS::Pinpoint::APNSSandboxChannel": "ApplicationId",
    "AWS::Pinpoint::APNSVoipChannel": "ApplicationId",
    "AWS::Pinpoint::APNSVoipSandboxChannel": "ApplicationId",
    "AWS::Pinpoint::ApplicationSettings": "ApplicationId",
    "AWS::Pinpoint::BaiduChannel": "ApplicationId",
    "AWS::Pinpoint::EmailChannel": "ApplicationId",
    "AWS::Pinpoint::EmailTemplate": "TemplateName",
    "AWS::Pinpoint::EventStream": "ApplicationId",
    "AWS::Pinpoint::GCMChannel": "ApplicationId",
    "AWS::Pinpoint::PushTemplate": "TemplateName",
    "AWS::Pinpoint::SMSChannel": "ApplicationId",
    "AWS::Pinpoint::SmsTemplate": "TemplateName",
    "AWS::Pinpoint::VoiceChannel": "ApplicationId",
    "AWS::PinpointEmail::ConfigurationSet": "Name",
    "AWS::PinpointEmail::ConfigurationSetEventDestination": "EventDestinationName",
    "AWS::PinpointEmail::DedicatedIpPool": "PoolName",
    "AWS::PinpointEmail::Identity": "Name",
    "AWS::QLDB::Ledger": "Name",
    "AWS::Route53::RecordSet": "Name",
    "AWS::Route53Resolver::ResolverConfig": None,
    "AWS::SES::ReceiptRule": "Rule/Name",
    "AWS::SecretsManager::ResourcePolicy": "SecretId",
    "AWS::SecretsManager::RotationSchedule": "SecretId",
    "AWS::SecretsManager::SecretTargetAttachment": "SecretId",
    "AWS::ServiceCatalog::AcceptedPortfolioShare": None,
    "AWS::ServiceCatalog::PortfolioPrincipalAssociation": None,
    "AWS::ServiceCatalog::PortfolioProductAssociation": None,
    "AWS::ServiceCatalog::PortfolioShare": None,
    "AWS::ServiceCatalog::ServiceActionAssociation": None,
    "AWS::ServiceCatalog::TagOptionAssociation": None,
    "AWS::ServiceDiscovery::Instance": "InstanceId",
}


def resource_types() -> set[str]:
    """Return every type of resource that the installed cfn-lint knows."""
    return set(PROVIDER_SCHEMA_MANAGER.get_resource_types(REGION))


def has_property(resource_type: str, path: str) -> bool:
    """Return whether a type has a property; only the outer name of a nested one is checked."""
    return path.partition(NESTED_WITH)[0] in _schema(resource_type)["properties"]


def ref_value(resource_type: str) -> str | None:
    """Return the properties that `Ref` gives for a type; None if it is known only after deployment."""
    if resource_type in DOCUMENTED:
        return DOCUMENTED[resource_type]
    schema = _schema(resource_type)
    identifier = schema.get("primaryIdentifier", [])
    if not identifier or set(identifier) & set(schema.get("readOnlyProperties", [])):
        return None
    names = [path.removeprefix(_PROPERTIES) for path in identifier]
    return JOINED_WITH.join(names)


def _schema(resource_type: str) -> dict[str, list[str]]:
    schema: dict[str, list[str]] = PROVIDER_SCHEMA_MANAGER.get_resource_schema(
        REGION, resource_type
    ).schema
    return schema
