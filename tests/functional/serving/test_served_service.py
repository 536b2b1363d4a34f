"""A Serverless service that is served, and changes of the files that it is read from."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from samlocal.preparation.options import ProjectOptions
from tests.functional.serving.conftest import Shop, call, noticed

if TYPE_CHECKING:
    from pathlib import Path

    from samlocal.serving.served_project import ServedProject

SERVICE = """\
service: shop
provider: {name: aws, runtime: python3.13, region: eu-west-1}
functions:
  ratings: ${file(functions/ratings.yml)}
  notify: {handler: app.handler, environment: {CURRENCY: EUR}}
"""
RATINGS = "{handler: app.handler, name: all-ratings, environment: {CURRENCY: EUR}}"


@pytest.fixture
def service(tmp_path: Path) -> Shop:
    """A service; one of its functions is in a file of its own."""
    (tmp_path / "functions").mkdir()
    (tmp_path / "serverless.yml").write_text(SERVICE)
    (tmp_path / "functions/ratings.yml").write_text(RATINGS)
    (tmp_path / "app.py").touch()
    return Shop(tmp_path)


def serve(service: Shop) -> ServedProject:
    return service.serve(replace(service.options(), project=ProjectOptions()))


async def currency(served: ServedProject, service: Shop, function: str) -> str:
    """Return the currency of an invocation's environment."""
    await served.invoke(call(function))
    return service.fleet.functions[-1].spec.sandbox.environment["CURRENCY"]


async def test_region_is_that_of_the_service(service: Shop) -> None:
    """Functions are found by their keys and by their names in AWS."""
    async with serve(service) as served:
        assert served.names == ("ratings", "notify")
        assert await served.region_and_account() == ("eu-west-1", "123456789012")
        assert (await served.find("shop-dev-notify")).logical_id == "notify"
        assert (await served.find("all-ratings")).logical_id == "ratings"


@pytest.mark.parametrize(
    ("function", "file"), [("notify", "serverless.yml"), ("ratings", "functions/ratings.yml")]
)
async def test_changed_configuration(service: Shop, function: str, file: str) -> None:
    """The next invocation has the new environment, whichever file has changed."""
    async with serve(service) as served:
        assert await currency(served, service, function) == "EUR"
        path = service.directory / file
        path.write_text(path.read_text().replace("EUR", "USD"))
        await noticed(served)
        assert await currency(served, service, function) == "USD"
