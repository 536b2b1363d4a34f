"""Changes of the template while its APIs are served."""

from __future__ import annotations

import shutil
import urllib.request
from typing import TYPE_CHECKING

from tests.docker.command import CHECKOUT, PATIENCE_SECONDS
from tests.docker.http.api_server import serving_project

if TYPE_CHECKING:
    from pathlib import Path

    import docker


def fetch(url: str) -> str:
    with urllib.request.urlopen(url, timeout=PATIENCE_SECONDS) as response:  # noqa: S310  # HTTP
        return str(response.read().decode())


def test_addresses_stay(engine: docker.APIClient, tmp_path: Path) -> None:
    """An API keeps its address when others come or go.

    A new one gets a port, the table is shown again, and the console has the new routes.
    """
    project = shutil.copytree(CHECKOUT / "tests/projects/changing-apis", tmp_path / "project")
    with serving_project(engine, project, "--sandbox", "process") as running:
        api, first, second = running.urls
        assert [fetch(each) for each in (f"{api}/old", first, second)] == [
            "First",
            "First",
            "Second",
        ]
        start = len(running.endpoint.shown)
        shutil.copy(project / "later.yaml", project / "template.yaml")
        assert fetch(second) == "Second"
        assert fetch(first) == "First"
        shown = running.endpoint.wait_for(
            r"the routes have changed:\n(?s:.*)\(Ctrl-C ends it\)", start=start
        )[0]
        assert f"GET     {api}/new" in shown
        assert f"{first}/" not in shown
        assert fetch(running.url_of("Added")) == "Added"
        assert fetch(f"{api}/new") == "First"
        state = fetch(f"{api}/_samlocal/state")
        assert "/new" in state
        assert '"handler":"' in state


def test_options_that_need_a_restart(engine: docker.APIClient, tmp_path: Path) -> None:
    """A change of samconfig that has no effect while APIs are served is told."""
    project = shutil.copytree(CHECKOUT / "tests/projects/changing-apis", tmp_path / "project")
    with serving_project(engine, project, "--sandbox", "process") as running:
        options = "[default.local_start_api.parameters]\ndisable_authorizer = true\n"
        (project / "samconfig.toml").write_text(options)
        assert fetch(running.url_of("First")) == "First"
        running.endpoint.wait_for("some of its options need a restart")


def test_no_port_for_more_sites(engine: docker.APIClient, tmp_path: Path) -> None:
    """New sites for which there is no port are told, and tried again; the others are served, and so is the console."""
    project = shutil.copytree(CHECKOUT / "tests/projects/changing-apis", tmp_path / "project")
    template = project / "template.yaml"
    text = template.read_text()
    url = "      FunctionUrlConfig: {AuthType: NONE}\n"
    template.write_text(text.replace(url, ""))
    with serving_project(engine, project, "--sandbox", "process", "-p", "65535") as running:
        (api,) = running.urls
        assert fetch(f"{api}/old") == "First"
        for route, new in (("/old", text), ("/new", text.replace("/old", "/new"))):
            start = len(running.endpoint.shown)
            template.write_text(new)
            assert fetch(f"{api}{route}") == "First"
            running.endpoint.wait_for("there is no port after 65535", start=start)
            assert route in fetch(f"{api}/_samlocal/state")


def test_a_new_authorizer(engine: docker.APIClient, tmp_path: Path) -> None:
    """An authorizer that comes with a change and refuses every request is told with the new table, as at the start."""
    project = shutil.copytree(CHECKOUT / "tests/projects/changing-apis", tmp_path / "project")
    template = project / "template.yaml"
    with serving_project(engine, project, "--sandbox", "process") as running:
        start = len(running.endpoint.shown)
        template.write_text(
            template.read_text()
            + """  Guarded:
    Type: AWS::Serverless::HttpApi
    Properties:
      Auth:
        DefaultAuthorizer: Tokens
        Authorizers:
          Tokens:
            IdentitySource: $request.header.Authorization
            JwtConfiguration: {issuer: "http://127.0.0.1:9", audience: [shop]}
      DefinitionBody:
        openapi: 3.0.1
        paths:
          /guarded:
            get:
              x-amazon-apigateway-integration:
                {type: http_proxy, httpMethod: GET, uri: "http://127.0.0.1:9", payloadFormatVersion: "1.0"}
"""
        )
        assert fetch(f"{running.urls[0]}/old") == "First"
        running.endpoint.wait_for("the authorizer `Tokens` of `Guarded` refuses", start=start)
