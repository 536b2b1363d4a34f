"""APIs in OpenAPI documents of version 2 and 3, with the extensions of API Gateway.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from samlocal.cloudformation.apis.cors_settings import OPENAPI, read_cors
from samlocal.cloudformation.apis.definition import AWS_IAM, Definition, Operation, Security
from samlocal.cloudformation.apis.gateway_responses import read_openapi_responses
from samlocal.cloudformation.apis.integrations import IntegrationReader
from samlocal.cloudformation.apis.openapi_authorizers import (
    method_auth,
    read_api_keys,
    read_authorizers,
    read_ignored,
)
from samlocal.cloudformation.apis.openapi_document import METHODS, OpenApiDocument
from samlocal.cloudformation.apis.openapi_validation import ValidationReader
from samlocal.cloudformation.apis.rest_settings import (
    read_compression_bytes,
    read_key_source,
    unapplied_policy,
)
from samlocal.cloudformation.apis.settings import (
    flag,
    guarding,
    guarding_mapping,
    known,
    refused,
)
from samlocal.errors import ProjectError, TemplateError
from samlocal.project.apis import DEFAULT_ROUTE, ApiKind, IamAuthorizer

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from samlocal.cloudformation.apis.function_targets import FunctionTargets
    from samlocal.cloudformation.functions.properties import Properties
    from samlocal.cloudformation.intrinsics.missing_values import MissingValues
    from samlocal.cloudformation.stack.stack import Stack
    from samlocal.diagnostics import Diagnostic
    from samlocal.documents.node import Node
    from samlocal.errors import Place
    from samlocal.project.apis import Authorizer

_INTEGRATION: Final = "x-amazon-apigateway-integration"
_BINARY_TYPES: Final = "x-amazon-apigateway-binary-media-types"
_KEY_SOURCE: Final = "x-amazon-apigateway-api-key-source"
_COMPRESSION: Final = "x-amazon-apigateway-minimum-compression-size"
_CORS: Final = "x-amazon-apigateway-cors"
_POLICY: Final = "x-amazon-apigateway-policy"


def read_openapi(
    node: Node,
    kind: ApiKind,
    stack: Stack,
    *,
    targets: FunctionTargets,
    missing: MissingValues,
    variables: Mapping[str, str] | None = None,
) -> Definition:
    """Return the definition of an API in an OpenAPI document.

    `missing` gets reports of values that are left out; `variables` are those of the stage. Operations that have an
    error are in `failures`.

    Raises:
        TemplateError: the document is malformed, or cannot be resolved locally.
    """
    document = OpenApiDocument(node, stack, missing)
    root = document.root
    reader = OperationReader(document, kind, IntegrationReader(kind, stack, targets, variables))
    operations = tuple(reader.read_all())
    cors = root.mapping(_CORS)
    info = document.mapping("info")
    policy = unapplied_policy(root, _POLICY) if kind is ApiKind.REST else ()
    return Definition(
        operations=operations,
        broken=reader.broken,
        security=reader.shared_security(),
        authorizers=reader.authorizers,
        ignored_schemes=reader.ignored_schemes,
        name=info.text("title") if info else None,
        binary_types=root.texts(_BINARY_TYPES),
        cors=read_cors(cors, OPENAPI) if cors else None,
        gateway_responses=read_openapi_responses(root),
        api_key_source=read_key_source(root, _KEY_SOURCE) or "HEADER",
        minimum_compression_bytes=read_compression_bytes(root, _COMPRESSION),
        failures=(*reader.failures, *policy),
    )


class OperationReader:
    """Reads the operations of a document; `failures` are about those that have an error."""

    def __init__(
        self, document: OpenApiDocument, kind: ApiKind, integrations: IntegrationReader
    ) -> None:
        self._document = document
        self._kind = kind
        self._integrations = integrations
        self._validation = ValidationReader(document)
        self._api_keys = read_api_keys(document)
        self._ignored = read_ignored(document)
        self.authorizers: dict[str, Authorizer] = {
            AWS_IAM: IamAuthorizer(),
            **read_authorizers(document, kind, integrations),
        }
        self.failures: list[Diagnostic] = []
        self.broken: dict[tuple[str, str], Diagnostic] = {}

    @property
    def ignored_schemes(self) -> frozenset[str]:
        """The names of security schemes that protect nothing."""
        return frozenset(self._ignored)

    def read_all(self) -> Iterator[Operation]:
        """Yield the operations in the order of the document.

        Raises:
            TemplateError: `paths` is malformed, or cannot be resolved locally.
        """
        paths = guarding_mapping(self._document.root, "paths")
        for path in paths.entries if paths else ():
            try:
                item = self._item(paths, path) if paths else None
                check_path(path, paths.entries[path].place if paths else None)
            except ProjectError as error:
                self.failures.append(refused(f"`{path}`", error))
                named = DEFAULT_ROUTE if path.endswith(DEFAULT_ROUTE) else path
                self._break(METHODS, named)
                continue
            for key, method in self._document.methods(item) if item else ():
                try:
                    operation = self._read(path, method, item, key) if item else None
                except ProjectError as error:
                    self.failures.append(refused(f"`{method} {path}`", error))
                    self._break([method], self._broken_path(path, item, key) if item else path)
                    continue
                if operation is not None:
                    yield operation

    def _item(self, paths: Properties, path: str) -> Properties | None:
        guarding_mapping(paths, path)
        item = self._document.referred(paths, path)
        if item is not None:
            known(item.node)
        return item

    def _break(self, methods: Iterable[str], path: str) -> None:
        path = resource_path(path) if self._kind is ApiKind.REST else path
        self.broken |= dict.fromkeys(((method, path) for method in methods), self.failures[-1])

    def _broken_path(self, path: str, item: Properties, key: str) -> str:
        try:
            settings = item.without_diagnostics().mapping(key)
            return self._path(path, settings) if settings else path
        except ProjectError:
            return path

    def _read(self, path: str, method: str, item: Properties, key: str) -> Operation | None:
        settings = guarding_mapping(item, key)
        if settings is None:  # removed by a condition
            return None
        place: Place = item.node.place_of(key)
        path = self._path(path, settings)
        name = path if path == DEFAULT_ROUTE else f"{method} {path}"
        integration = self._document.referred(settings, _INTEGRATION)
        security = self._security(settings)
        return Operation(
            method=method,
            path=path,
            place=place,
            integration=self._integrations.read(integration, name, method) if integration else None,
            authorizer=method_auth(settings) or security.authorizer,
            scopes=security.scopes,
            needs_api_key=security.needs_api_key,
            operation_name=settings.text("operationId"),
            inherits_security="security" not in settings.entries,
            validation=(
                self._validation.read(item, settings) if self._kind is ApiKind.REST else None
            ),
        )

    def _path(self, path: str, settings: Properties) -> str:
        """Return the path of a route; HTTP APIs have a default one."""
        if self._kind is ApiKind.HTTP and (
            path.removeprefix("/") == DEFAULT_ROUTE or flag(settings, "isDefaultRoute")
        ):
            return DEFAULT_ROUTE
        return resource_path(path) if self._kind is ApiKind.REST else path

    def shared_security(self) -> Security:
        """Return the security of the whole document, which REST APIs ignore in version 2.

        https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-known-issues.html
        """
        if self._document.is_version_2:
            return Security()
        return self._security(self._document.root)

    def _security(self, settings: Properties) -> Security:
        requirements = guarding(settings, "security").mappings("security", "a security requirement")
        names = [name for each in requirements for name in each.entries]
        others = [name for name in names if name not in self._api_keys]
        self._document.missing.diagnostics += (
            self._ignored[name] for name in others if name in self._ignored
        )
        others.sort(key=lambda name: name in self._ignored)
        authorizer = next(iter(others), None)
        first = next((each for each in requirements if authorizer in each.entries), None)
        return Security(
            authorizer=authorizer,
            scopes=first.texts(authorizer) if first and authorizer else None,
            needs_api_key=True if any(name in self._api_keys for name in names) else None,
        )


def check_path(path: str, place: Place | None) -> None:
    """Raise if a path cannot be one of an API.

    Raises:
        TemplateError: it does not begin with a slash.
    """
    if not path.startswith("/") and path != DEFAULT_ROUTE:
        raise TemplateError(f"a path must begin with `/`, not `{path}`", place=place)


def resource_path(path: str) -> str:
    """Return the path of a REST API's resource: `/items/` and `/items` are the same one."""
    return path.rstrip("/") or "/"
