"""Authorizers of a template whose functions run as processes: from a request to a response."""

from __future__ import annotations

import json
import shutil
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from samlocal.http_api.authorizers.authorizers import RouteAuthorizers
from samlocal.http_api.authorizers.jwks_file import read_local_keys
from samlocal.http_api.http.gateway import HttpGateway
from samlocal.http_api.rest.gateway import RestGateway
from samlocal.preparation.options import ProjectOptions
from samlocal.project.apis import ApiKind
from tests.functional.http_api.process_functions import serve_functions
from tests.functional.serving.conftest import noticed
from tests.unit.http_api.authorizers.guarded_requests import make_request
from tests.unit.http_api.authorizers.token_issuer import key_set, sign

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from samlocal.diagnostics import Diagnostic
    from samlocal.http_api.exchange import HttpRequest, HttpResponse
    from samlocal.serving.served_project import ServedProject

PROJECT: Final = Path(__file__).parents[3] / "projects" / "authorizers"
LATE: Final = 4_000_000_000
_STAND_IN: Final = "`UserPool` gets its id at deployment; samlocal uses its logical id instead"
_SIGNED: Final = "requests to routes and URLs with `AWS_IAM` are let in, whoever signed them"
_NO_KEYS: Final = (
    "the authorizer `Pool` of `RestApi` refuses every request: only AWS knows the ID of the user pool in"
    " `https://cognito-idp.eu-west-1.amazonaws.com/UserPool`"
)


class _NoWriter:
    async def begin(self, status: int, headers: Sequence[tuple[str, str]]) -> None:
        raise AssertionError(status, headers)

    async def write(self, chunk: bytes) -> None:
        raise AssertionError(chunk)

    async def end(self) -> None:
        raise AssertionError

    async def break_off(self) -> None:
        raise AssertionError

    async def wait_hang_up(self) -> None:
        raise AssertionError


class Served:
    """The APIs of the project; `reported` is what the terminal would show."""

    def __init__(
        self, project: ServedProject, authorizers: RouteAuthorizers, reported: list[Diagnostic]
    ) -> None:
        apis = project._functions.snapshot.project.read_apis()
        assert [each.message for each in apis.diagnostics] == [_STAND_IN]
        self.apis = apis.apis
        self.project = project
        self.directory = project.path.parent
        self.authorizers = authorizers
        self.reported = reported
        by_kind = {each.kind: each for each in self.apis}
        self._rest = RestGateway(
            by_kind[ApiKind.REST], project, authorizers, api_keys={}, report=reported.append
        )
        self._http = HttpGateway(
            by_kind[ApiKind.HTTP], project, authorizers, report=reported.append
        )

    async def rest(self, path: str, *, method: str = "GET", **headers: str) -> tuple[int, Any]:
        """Return status and body of the REST API's response; `_` in a header's name is `-`."""
        request = _request(path, method, headers)
        response = await self._rest.answer(request, _NoWriter())
        assert response is not None
        return response.status, json.loads(response.body)

    async def http(self, path: str, **headers: str) -> tuple[HttpResponse, Any]:
        response = await self._http.answer(_request(path, "GET", headers), _NoWriter())
        return response, json.loads(response.body)

    @property
    def last_report(self) -> str:
        return self.reported[-1].message


def _request(path: str, method: str, headers: dict[str, str]) -> HttpRequest:
    path, _, query = path.partition("?")
    pairs = [(name.replace("_", "-"), value) for name, value in headers.items()]
    return replace(make_request(*pairs, query=query, method=method), path=path)


@asynccontextmanager
async def _serving(
    project: Path, jwks: Path | None = None, **options: bool
) -> AsyncIterator[Served]:
    options_of_project = ProjectOptions(template=project / "template.yaml", region="eu-west-1")
    reported: list[Diagnostic] = []
    async with (
        serve_functions(options_of_project, project, watches=True) as served,
        RouteAuthorizers(
            served,
            report=reported.append,
            local_keys=read_local_keys(jwks) if jwks else None,
            revision=lambda: served.revision,
            **options,
        ) as authorizers,
    ):
        yield Served(served, authorizers, reported)


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[Served]:
    """The project, with keys of a file."""
    project = shutil.copytree(PROJECT, tmp_path / "authorizers")
    jwks = tmp_path / "jwks.json"
    jwks.write_text(json.dumps(key_set("first")))
    async with _serving(project, jwks) as opened:
        yield opened


async def test_a_token_authorizer_in_python(served: Served) -> None:
    """Its context is text in the function's event, and each of its answers has the status of API Gateway."""
    status, authorizer = await served.rest("/token", Authorization="allow")
    assert isinstance(authorizer.pop("integrationLatency"), int)
    assert (status, authorizer) == (
        200,
        {"principalId": "allow", "calls": "1", "is_admin": "true", "type": "TOKEN"},
    )
    expected = {
        "deny": (403, "explicit deny"),
        "only-get": (200, ""),
        "unauthorized": (401, "Unauthorized"),
        "crash": (500, "null"),
        "no-policy": (500, "null"),
        "nested": (500, "null"),
        "NOT VALID": (401, "Unauthorized"),
    }
    for token, (status, text) in expected.items():
        found, body = await served.rest("/token", Authorization=token)
        assert found == status, token
        assert text in json.dumps(body)
    assert (await served.rest("/token"))[0] == 401
    assert (await served.rest("/open"))[0] == 200


async def test_a_policy_for_another_method(served: Served) -> None:
    """A policy for GET denies POST without an explicit deny, and the terminal has the ARN."""
    status, body = await served.rest("/token", method="POST", Authorization="only-get")
    assert status == 403
    assert "explicit" not in json.dumps(body)
    assert "allows `arn:aws:execute-api:eu-west-1:123456789012:" in served.last_report
    assert served.last_report.endswith("/dev/POST/token`")


async def test_a_request_authorizer_in_node(served: Served) -> None:
    """Its result is kept for both identity sources, and applied to other methods and paths."""
    first = await served.rest("/request/1?q=tea", X_Key="allow")
    assert (first[0], first[1]["calls"], first[1]["seen"]) == (200, "1", "tea")
    again = await served.rest("/request/1?q=tea", X_Key="allow")
    assert (again[0], again[1]["calls"], again[1]["integrationLatency"]) == (200, "1", 0)
    assert (await served.rest("/request/2?q=tea", X_Key="allow"))[0] == 403
    other = await served.rest("/request/2?q=milk", X_Key="allow")
    assert (other[0], other[1]["calls"]) == (200, "2")
    assert (await served.rest("/request/1", X_Key="allow"))[0] == 401
    assert (await served.rest("/request/1?q=tea", X_Key="unauthorized"))[0] == 401
    assert (await served.rest("/request/1?q=tea", X_Key="other"))[0] == 403


async def test_changed_code_in_spite_of_a_kept_result(served: Served) -> None:
    """The next request after an edit runs the authorizer's new code."""
    assert (await served.rest("/request/1?q=tea", X_Key="allow"))[0] == 200
    file = served.directory / "node" / "guard.mjs"
    file.write_text(file.read_text().replace("'allow'", "'open'"))
    await noticed(served.project)
    await served.project.functions()
    assert (await served.rest("/request/1?q=tea", X_Key="allow"))[0] == 403
    assert (await served.rest("/request/1?q=tea", X_Key="open"))[0] == 200


async def test_authorizers_of_an_http_api(served: Served) -> None:
    """Simple responses and policies decide; contexts keep their types."""
    response, body = await served.http("/simple", x_key="allow")
    assert response.status == 200
    assert body == {"lambda": {"calls": 1, "seen": "allow", "roles": ["admin"]}}
    statuses = [
        (await served.http("/simple", x_key=each))[0].status for each in ("no", "unauthorized")
    ]
    assert statuses == [403, 401]
    response, body = await served.http("/policy", Authorization="allow")
    assert (response.status, body["lambda"]["is_admin"]) == (200, True)
    response, body = await served.http("/policy", Authorization="crash")
    assert (response.status, body) == (500, {"message": "Internal Server Error"})


async def test_tokens_signed_with_a_key_of_the_file(served: Served) -> None:
    """JWT and Cognito authorizers check real signatures, without any issuer."""
    claims: dict[str, Any] = {"iss": "https://issuer.example", "aud": "web", "exp": LATE}
    token = sign(claims | {"scope": "read write"})
    response, body = await served.http("/jwt", Authorization=f"Bearer {token}")
    assert response.status == 200
    assert body["jwt"]["claims"]["exp"] == f"{LATE}"
    assert body["jwt"]["scopes"] == ["read"]
    response, body = await served.http("/jwt", Authorization=sign(claims))
    assert (response.status, body) == (403, {"message": "Forbidden"})
    response, body = await served.http("/jwt", Authorization=f"{token}x")
    assert (response.status, body) == (401, {"message": "Unauthorized"})
    assert dict(response.headers)["www-authenticate"].startswith("Bearer scope=")
    pool = {"iss": "http://localhost:9229/local", "exp": LATE, "token_use": "id", "sub": "ann"}
    status, authorizer = await served.rest("/pool", Authorization=sign(pool))
    assert (status, authorizer["claims"]["sub"]) == (200, "ann")
    status, body = await served.rest("/pool", Authorization=sign(pool | {"exp": 1}))
    assert (status, body) == (401, {"message": "The incoming token has expired"})


async def test_a_signed_request(served: Served) -> None:
    """The function sees the access key and its account; an unsigned request is let in, too."""
    credential = "ASIAQNZGKIQY56JQ7WML/20261127/eu-west-1/execute-api/aws4_request"
    signature = f"AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders=host, Signature=00"
    status, identity = await served.rest("/signed", Authorization=signature)
    assert (status, identity["accessKey"]) == (200, "ASIAQNZGKIQY56JQ7WML")
    assert (identity["accountId"], identity["sourceIp"]) == ("029608264753", "127.0.0.1")
    assert (await served.rest("/signed"))[0] == 200


async def test_the_project_without_keys() -> None:
    """Authorizers without keys are named, refuse their requests, and can be switched off."""
    async with _serving(PROJECT) as served:
        problems = await served.authorizers.find_problems(
            [each for each in served.apis if each.kind is ApiKind.REST]
        )
        assert [each.message for each in problems] == [_NO_KEYS, _SIGNED]
        token = sign({"iss": "x", "exp": LATE, "token_use": "id"})
        assert (await served.rest("/pool", Authorization=token))[0] == 500
        assert "`--jwks FILE`" in served.last_report
    async with _serving(PROJECT, is_disabled=True) as served:
        assert (await served.rest("/pool"))[0] == 200
