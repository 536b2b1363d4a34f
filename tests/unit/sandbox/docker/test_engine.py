from __future__ import annotations

import pytest

from samlocal.errors import EngineNotReachableError
from samlocal.sandbox.docker.engine import Engine


@pytest.mark.parametrize(
    ("variables", "reason"),
    [
        pytest.param({"DOCKER_HOST": "nowhere"}, "port is required", id="no scheme"),
        pytest.param({"DOCKER_HOST": "tcp://127.0.0.1:99999"}, "Port out of range", id="port"),
        pytest.param({"DOCKER_HOST": "smtp://127.0.0.1:25"}, "smtp", id="another scheme"),
        pytest.param(
            {"DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": "/nowhere"}, "cert", id="certificates"
        ),
    ],
)
def test_settings_that_lead_nowhere(
    variables: dict[str, str], reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever is wrong with the engine's settings, the message says it, and where it looked."""
    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:2376")
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    with pytest.raises(EngineNotReachableError, match=reason) as caught:
        Engine()

    address = variables.get("DOCKER_HOST", "tcp://127.0.0.1:2376")
    assert caught.value.message.startswith(f"no container engine answers at `{address}` (")
    assert "set DOCKER_HOST" in (caught.value.hint or "")
