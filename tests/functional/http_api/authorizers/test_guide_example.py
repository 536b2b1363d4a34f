"""The program in the guide, which makes a key and a token."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from samlocal.http_api.authorization import Allowed
from samlocal.http_api.authorizers.issuer_keys import IssuerKeys
from samlocal.http_api.authorizers.jwks_file import read_local_keys
from samlocal.http_api.authorizers.token_authorizers import TokenAuthorizers
from samlocal.project.apis import JwtAuthorizer
from tests.unit.http_api.authorizers.guarded_requests import http_event, make_request, make_route

if TYPE_CHECKING:
    import pytest

_GUIDE = Path(__file__).parents[4] / "docs" / "guides" / "authorizers.md"


async def test_the_token_of_the_guide_is_accepted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The program writes a file for `--jwks`, and prints a token that its keys verify."""
    match = re.search(r"```python\n(.*?)```", _GUIDE.read_text(), re.DOTALL)
    assert match is not None
    monkeypatch.chdir(tmp_path)
    token = subprocess.run(  # noqa: ASYNC221  # nothing else runs meanwhile
        [sys.executable, "-c", match[1]], check=True, capture_output=True, text=True
    ).stdout.strip()
    authorizer = JwtAuthorizer(name="Token", issuer="https://issuer.example", audience=("web",))
    authorizers = TokenAuthorizers(IssuerKeys(read_local_keys(tmp_path / "jwks.json")))
    result = await authorizers.check_jwt(
        make_route(authorizer), authorizer, make_request(("Authorization", token)), http_event()
    )
    assert isinstance(result, Allowed)
