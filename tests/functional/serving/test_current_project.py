"""The project of an endpoint, opened again with other options."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from samlocal.cli.config_state import ConfigState
from samlocal.cli.console_log import ConsoleLog
from samlocal.cli.current_project import CurrentProject
from samlocal.cli.endpoint_settings import EndpointSettings
from samlocal.lambda_api.function_lookup import find_function
from samlocal.lambda_api.function_reference import read_reference
from samlocal.preparation.options import FunctionOptions
from samlocal.sandbox.backend import Backend
from samlocal.sandbox.debugging import DebugSettings
from tests.functional.serving.conftest import call
from tests.unit.preparation.host import host

if TYPE_CHECKING:
    from tests.functional.serving.conftest import Shop

_ENV_FILE = '{"Parameters": {"CURRENCY": "USD"}}'


def settings(shop: Shop, function: FunctionOptions) -> EndpointSettings:
    """Return the settings of an endpoint that follows a configuration file."""
    return EndpointSettings(
        serving=shop.options(function=function),
        backend=Backend(),
        idle_seconds=60.0,
        max_environments=None,
        allowed_hosts=(),
        config=ConfigState([shop.directory / "samconfig.toml"]),
    )


def open_project(
    shop: Shop, first: EndpointSettings, later: EndpointSettings | None = None
) -> CurrentProject:
    """Return the project, to be entered, whose settings are the later ones after a change."""
    return CurrentProject(
        first,
        host(shop.directory, stdin=_ENV_FILE, PATH=""),
        shop.fleet,
        observer=shop.observer,
        log=ConsoleLog(),
        socket=None,
        read_again=lambda: later,
    )


async def currency(shop: Shop, project: CurrentProject) -> str:
    """Return what a function gets for the variable in the env file."""
    await project.invoke(call())
    return shop.fleet.functions[-1].spec.sandbox.environment["CURRENCY"]


async def test_an_env_file_on_stdin_outlives_a_change_of_options(shop: Shop) -> None:
    """What stdin had when the endpoint started is there after samconfig has changed, too."""
    chosen = FunctionOptions(reads_credentials=False, env_files=("-",))
    later = settings(shop, replace(chosen, variables={"STAGE": "new"}))
    async with open_project(shop, settings(shop, chosen), later) as project:
        assert await currency(shop, project) == "USD"
        (shop.directory / "samconfig.toml").write_text("")
        assert await currency(shop, project) == "USD"
    assert shop.observer.statuses == ["`samconfig.toml` has changed: its options are in effect"]


async def test_the_region_in_an_arn_is_that_of_the_options_now(shop: Shop) -> None:
    """After a change of samconfig, the first request may name a function by its ARN in the new Region."""
    first = settings(shop, FunctionOptions(reads_credentials=False))
    moved = replace(first.serving, project=replace(first.serving.project, region="eu-west-1"))
    later = replace(first, serving=moved)
    arn = read_reference("arn:aws:lambda:eu-west-1:123456789012:function:Ratings")
    async with open_project(shop, first, later) as project:
        (shop.directory / "samconfig.toml").write_text("")
        function = await find_function(project, arn, action="lambda:InvokeFunction")
    assert (function.logical_id, function.region) == ("Ratings", "eu-west-1")


async def test_an_env_file_on_stdin_with_a_debugger_for_no_function(shop: Shop) -> None:
    """A project that is opened again without its debugger still has what stdin had."""
    debug = DebugSettings(ports=(5858,))
    chosen = FunctionOptions(reads_credentials=False, env_files=("-",), debug=debug)
    async with open_project(shop, settings(shop, chosen)) as project:
        assert await currency(shop, project) == "USD"
    assert shop.observer.messages == ["no function is debugged: 2 functions are served"]


async def test_options_that_need_a_restart(shop: Shop) -> None:
    """A change of an option that the start has used, such as one about authorizers, is not passed over in silence."""
    first = settings(shop, FunctionOptions(reads_credentials=False))
    later = replace(first, others=("disable_authorizer",))
    async with open_project(shop, first, later) as project:
        (shop.directory / "samconfig.toml").write_text("")
        await project.apis()
    assert shop.observer.statuses == [
        "`samconfig.toml` has changed: some of its options need a restart"
    ]
