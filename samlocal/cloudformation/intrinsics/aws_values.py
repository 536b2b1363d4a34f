"""Values from a real AWS account, with boto3 (the `aws` extra), for `--resolve-remote`."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import TYPE_CHECKING, Final, TypeVar

from samlocal.cloudformation.intrinsics.dynamic_references import value_of_secret
from samlocal.documents.document import MAX_BYTES
from samlocal.documents.node import Unknown, scalar_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from samlocal.aws_clients import Client, Connect
    from samlocal.cloudformation.intrinsics.dynamic_references import Reference

_Found = TypeVar("_Found")

# The codes of AWS's errors that say that there is no such value, and what they say.
_ABSENT: Final = {
    "ParameterNotFound": "",
    "NoSuchKey": "",
    "ValidationError": "does not exist",
}

# Names of botocore's errors that every other request would get too.
_OUT_OF_REACH: Final = frozenset(
    {
        "ConnectTimeoutError",
        "EndpointConnectionError",
        "NoCredentialsError",
        "NoRegionError",
        "PartialCredentialsError",
        "ProxyConnectionError",
        "SSOTokenLoadError",
        "TokenRetrievalError",
        "UnauthorizedSSOTokenError",
    }
)


class RemoteValues:
    """An account's number, parameters, secrets, exports and objects; each is read once.

    After missing credentials or a connection error, no further request is made: each could take seconds.
    """

    def __init__(self, connect: Connect) -> None:
        self._connect = lru_cache(connect)
        self._found: dict[Reference, str | Unknown] = {}
        self._values: dict[Reference, object | Unknown | None] = {}
        self._all_exports: dict[str, str] | None = None
        self._out_of_reach: Exception | None = None

    def look_up(self, reference: Reference) -> str | Unknown:
        """Return a value; an error of AWS becomes the reason why it is unknown."""
        if reference not in self._found:
            self._found[reference] = self._try(reference, self._read)
        return self._found[reference]

    def look_up_value(self, reference: Reference) -> object | Unknown | None:
        """Return a value with its type, None if AWS has none, or the reason why it is unknown."""
        if reference not in self._values:
            self._values[reference] = self._try(reference, self._read_value)
        return self._values[reference]

    def _try(self, reference: Reference, read: Callable[[Reference], _Found]) -> _Found | Unknown:
        problem = self._out_of_reach
        if problem is None:
            try:
                return read(reference)
            except Exception as exc:  # noqa: BLE001  # boto3's errors have no useful common root
                problem = exc
                if type(exc).__name__ in _OUT_OF_REACH:
                    self._out_of_reach = exc
        return Unknown(reason=f"{reference} cannot be read: {problem}")

    def _read(self, reference: Reference) -> str | Unknown:
        if reference.service == "exports":
            exports = self._exports()
            if reference.name not in exports:
                return Unknown(reason=f"no stack exports `{reference.name}`")
            return exports[reference.name]
        if reference.service == "secretsmanager":
            return self._secret(reference)
        if reference.service == "s3":
            return self._object(reference)
        if reference.service == "sts":
            return self._connect("sts", region=reference.region).get_caller_identity()["Account"]
        name = f"{reference.name}:{reference.version}" if reference.version else reference.name
        answer = self._connect("ssm").get_parameter(Name=name, WithDecryption=True)
        return answer["Parameter"]["Value"]

    def _read_value(self, reference: Reference) -> object | Unknown | None:
        try:
            if reference.service == "cf":
                return self._output(reference)
            return (
                self._parameter(reference) if reference.service == "ssm" else self._read(reference)
            )
        except Exception as exc:
            if _is_absent(exc):
                return None
            raise

    def _parameter(self, reference: Reference) -> object:
        client = self._connect("ssm", region=reference.region)
        answer = client.get_parameter(Name=reference.name, WithDecryption=reference.is_decrypted)
        parameter = answer["Parameter"]
        match parameter["Type"], parameter["Value"]:
            case _, text if reference.is_raw:
                return text
            case "StringList", text:
                return text.split(",")
            case "SecureString", text:
                return value_of_secret(text)
            case _, text:
                return text

    def _output(self, reference: Reference) -> str | None:
        stack, _, output = reference.name.partition(".")
        client = self._connect("cloudformation", region=reference.region)
        stacks = client.describe_stacks(StackName=stack)["Stacks"]
        outputs = stacks[0].get("Outputs", ()) if isinstance(stacks, list) else ()
        values = (each["OutputValue"] for each in outputs if each["OutputKey"] == output)
        return next(values, None)

    def _secret(self, reference: Reference) -> str | Unknown:
        request = {"SecretId": reference.name}
        if reference.version:
            request["VersionId"] = reference.version
        if reference.version_stage:
            request["VersionStage"] = reference.version_stage
        answer = self._connect("secretsmanager").get_secret_value(**request)
        text = answer.get("SecretString")
        if text is None:
            return Unknown(reason=f"{reference} is binary")
        if reference.json_key is None:
            return text
        fields = json.loads(text)
        if not isinstance(fields, dict) or reference.json_key not in fields:
            return Unknown(reason=f"{reference} has no such key")
        value = fields[reference.json_key]
        return scalar_text(value) if isinstance(value, str | int | float) else json.dumps(value)

    def _object(self, reference: Reference) -> str | Unknown:
        scheme, _, address = reference.name.partition("://")
        bucket, _, key = address.partition("/")
        if scheme != "s3" or not key:
            return Unknown(reason=f"{reference} is not an S3 object; write s3://BUCKET/KEY")
        answer = self._connect("s3", region=reference.region).get_object(Bucket=bucket, Key=key)
        data = answer["Body"].read(MAX_BYTES + 1)
        if len(data) > MAX_BYTES:
            return Unknown(reason=f"{reference} has more than {MAX_BYTES // 2**20} MiB")
        return data.decode("utf-8-sig")

    def _exports(self) -> dict[str, str]:
        if self._all_exports is None:
            client = self._connect("cloudformation")
            self._all_exports = dict(_every_export(client))
        return self._all_exports


def _is_absent(error: Exception) -> bool:
    response = getattr(error, "response", None)  # of botocore's ClientError
    details = response.get("Error", {}) if isinstance(response, dict) else {}
    words = _ABSENT.get(str(details.get("Code")))
    return words is not None and words in str(details.get("Message"))


def _every_export(client: Client) -> Iterator[tuple[str, str]]:
    request: dict[str, str] = {}
    while True:
        answer = client.list_exports(**request)
        exports = answer.get("Exports")
        for export in exports if isinstance(exports, list) else ():
            yield export["Name"], export["Value"]
        token = answer.get("NextToken")
        if not isinstance(token, str):
            return
        request = {"NextToken": token}
