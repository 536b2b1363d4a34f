"""The proxies that the Docker client gives to its containers.

https://docs.docker.com/engine/cli/proxy/#configure-the-docker-client
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from samlocal.engine.discovery import docker_settings

if TYPE_CHECKING:
    from collections.abc import Mapping

_KEYS: Final = {
    "httpProxy": "http_proxy",
    "httpsProxy": "https_proxy",
    "ftpProxy": "ftp_proxy",
    "noProxy": "no_proxy",
    "allProxy": "all_proxy",
}


def proxy_variables(engine_url: str, variables: Mapping[str, str]) -> dict[str, str]:
    """Return the variables for `proxies` in Docker's config.json, in lower and upper case."""
    try:
        proxies = json.loads((docker_settings(variables) / "config.json").read_bytes())["proxies"]
        chosen = proxies.get(engine_url, proxies.get("default", {}))
        found = {name: str(chosen[key]) for key, name in _KEYS.items() if chosen.get(key)}
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return {}  # as `docker` does, which warns of it as well
    return found | {name.upper(): value for name, value in found.items()}
