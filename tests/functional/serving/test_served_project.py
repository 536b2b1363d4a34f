"""The functions of a project that is served, without changes."""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING

import pytest

from samlocal.errors import (
    CodeNotFoundError,
    EnvVarsError,
    FunctionNotFoundError,
    InvalidParameterValueError,
    SamlocalError,
    SandboxError,
    UsageError,
)
from samlocal.preparation.options import FunctionOptions
from samlocal.sandbox.debugging import DebugSettings
from tests.free_ports import free_port
from tests.functional.execution.fakes import RecordingLog
from tests.functional.serving.conftest import call, noticed

if TYPE_CHECKING:
    from tests.functional.serving.conftest import Shop

TENANTS = "TenancyConfig: {TenantIsolationMode: PER_TENANT}"


@pytest.fixture
def debug() -> DebugSettings:
    """A debugger on a free port."""
    return DebugSettings(ports=(free_port(),), arguments=("-m", "pdb"))


async def test_functions_of_a_project(shop: Shop) -> None:
    """Region, account and functions are those of the project, in the order of the template."""
    async with shop.serve() as served:
        functions = await served.functions()
        assert [each.full_path for each in functions] == ["Ratings", "Notify"]
        assert await served.region_and_account() == ("eu-central-1", "123456789012")


@pytest.mark.parametrize("name", ["Ratings", "dev-ratings"])
async def test_names_of_a_function(name: str, shop: Shop) -> None:
    """A function is found by its logical ID and by the name that AWS would give it."""
    async with shop.serve() as served:
        assert (await served.find(name)).logical_id == "Ratings"
        with pytest.raises(FunctionNotFoundError):
            await served.find(f"{name}x")


async def test_chosen_functions(shop: Shop) -> None:
    """Only the functions that were chosen are served."""
    async with shop.serve(shop.options(functions=("Notify",))) as served:
        assert [each.full_path for each in await served.functions()] == ["Notify"]
        with pytest.raises(FunctionNotFoundError):
            await served.invoke(call("Ratings"))


async def test_urls_of_chosen_functions(shop: Shop) -> None:
    """A function that is not served has no URL; APIs keep their routes."""
    shop.edit("CodeUri: notify/", "CodeUri: notify/, FunctionUrlConfig: {AuthType: NONE}")
    shop.edit(
        "      AutoPublishAlias: live\n",
        "      AutoPublishAlias: live\n      FunctionUrlConfig: {AuthType: NONE}\n"
        "      Events: {Get: {Type: HttpApi}}\n",
    )
    for functions, expected in (
        ((), ["ServerlessHttpApi", "Ratings:live", "Notify"]),
        (("Notify",), ["ServerlessHttpApi", "Notify"]),
        (("Ratings",), ["ServerlessHttpApi", "Ratings:live"]),
    ):
        async with shop.serve(shop.options(functions=functions)) as served:
            names = [each.full_path for each in (await served.apis()).apis]
            assert sorted(names) == sorted(expected)


async def test_apis_are_read_once(shop: Shop) -> None:
    """Requests at the same time, also after a change, get the same APIs."""
    async with shop.serve() as served:
        found = await asyncio.gather(*(served.apis() for _ in range(5)))
        assert {id(each) for each in found} == {id(found[0])}
        shop.edit("CodeUri: notify/", "CodeUri: notify/, FunctionUrlConfig: {AuthType: NONE}")
        await noticed(served)
        again = await asyncio.gather(*(served.apis() for _ in range(5)))
        assert {id(each) for each in again} == {id(again[0])}
        assert [each.full_path for each in again[0].apis] == ["Notify"]


async def test_unknown_chosen_function(shop: Shop) -> None:
    """A function that is to be served and does not exist is an error at the start."""
    with pytest.raises(FunctionNotFoundError, match="Ratigs"):
        await shop.serve(shop.options(functions=("Ratigs",))).__aenter__()


async def test_function_that_cannot_be_resolved(shop: Shop) -> None:
    """It is missing from the list, once with a diagnostic, and the others are there."""
    shop.edit("ReservedConcurrentExecutions: 3", "MemorySize: much")
    async with shop.serve() as served:
        for _ in range(2):
            assert [each.full_path for each in await served.functions()] == ["Notify"]
    assert len([each for each in shop.observer.messages if "`Ratings` cannot run" in each]) == 1


async def test_env_file_that_does_not_exist(shop: Shop) -> None:
    """What keeps every function from running is an error at the start."""
    function = FunctionOptions(env_files=("missing.json",), reads_credentials=False)
    with pytest.raises(EnvVarsError, match=r"no such env file: `missing\.json`"):
        await shop.serve(shop.options(function=function)).__aenter__()


async def test_functions_that_cannot_be_resolved_for_several_reasons(shop: Shop) -> None:
    """Each one is told when it is invoked: it may be mended meanwhile."""
    shop.edit("ReservedConcurrentExecutions: 3", "MemorySize: much")
    shop.edit("{CodeUri: notify/}", "{CodeUri: notify/, MemorySize: little}")
    async with shop.serve() as served:
        assert await served.functions() == ()
        with pytest.raises(SamlocalError, match="`little`"):
            await served.invoke(call("Notify"))


async def test_invocation(shop: Shop) -> None:
    """The fleet gets the function, its pool and limits, and the invocation as the caller wants it."""
    async with shop.serve() as served:
        wanted = call(trace_id="Root=1-2-3", client_context='{"a": 1}', request_id="r-7")
        result = await served.invoke(wanted)
    assert result.payload == b"ratings 1"
    (function,), (invocation,) = shop.fleet.functions, shop.fleet.invocations
    assert function.key == f"{shop.template}:Ratings"
    assert function.reserved_concurrency == 3
    assert function.spec.sandbox.is_reused
    assert function.spec.sandbox.environment["CURRENCY"] == "EUR"
    assert invocation.function_arn == (
        "arn:aws:lambda:eu-central-1:123456789012:function:dev-ratings"
    )
    assert (invocation.request_id, invocation.version) == ("r-7", "$LATEST")
    assert (invocation.trace_id, invocation.client_context) == ("Root=1-2-3", '{"a": 1}')


async def test_new_trace(shop: Shop) -> None:
    """Each invocation without a trace gets one."""
    async with shop.serve() as served:
        await served.invoke(call())
        await served.invoke(call())
    first, second = (each.trace_id for each in shop.fleet.invocations)
    assert first.startswith("Root=1-")
    assert first != second


@pytest.mark.parametrize(
    ("qualifier", "version"), [("live", "1"), ("1", "1"), ("$LATEST", "$LATEST")]
)
async def test_qualifier(qualifier: str, version: str, shop: Shop) -> None:
    """An alias and its version run in the same environments; the ARN has what the caller named."""
    async with shop.serve() as served:
        await served.invoke(call(qualifier=version))
        await served.invoke(call(qualifier=qualifier))
    assert shop.fleet.starts == ["Ratings"]
    invocation = shop.fleet.invocations[1]
    assert invocation.version == version
    assert invocation.function_arn.endswith(f":function:dev-ratings:{qualifier}")
    environment = shop.fleet.functions[1].spec.sandbox.environment
    assert environment["AWS_LAMBDA_FUNCTION_VERSION"] == version


async def test_versions_share_a_pool(shop: Shop) -> None:
    """The versions of a function have one pool, and environments of their own."""
    async with shop.serve() as served:
        await served.invoke(call())
        await served.invoke(call(qualifier="live"))
    assert len(shop.fleet.environments) == 1
    assert len(shop.fleet.pool("Ratings")) == 2


@pytest.mark.parametrize("qualifier", ["2", "live2", "0"])
async def test_unknown_qualifier(qualifier: str, shop: Shop) -> None:
    """A version or an alias that is not published does not exist, as in Lambda."""
    async with shop.serve() as served:
        with pytest.raises(FunctionNotFoundError, match=f"Function not found: .*:{qualifier}$"):
            await served.invoke(call(qualifier=qualifier))
        with pytest.raises(UsageError, match="not a qualifier"):
            await served.invoke(call(qualifier="a.b"))


async def test_tenant_id(shop: Shop) -> None:
    """A function with tenants needs a tenant ID, and others take none."""
    shop.edit("CodeUri: notify/", f"CodeUri: notify/, {TENANTS}")
    async with shop.serve() as served:
        await served.invoke(call("Notify", tenant_id="blue"))
        assert shop.fleet.invocations[0].tenant_id == "blue"
        with pytest.raises(InvalidParameterValueError):
            await served.invoke(call("Notify"))
        with pytest.raises(InvalidParameterValueError):
            await served.invoke(call("Ratings", tenant_id="blue"))


async def test_logs_of_invocations(shop: Shop) -> None:
    """The log of a function has all invocations, and each tail its own."""
    async with shop.serve() as served:
        tails = {name: RecordingLog() for name in "ab"}
        await asyncio.gather(
            *(served.invoke(call(request_id=name), tail=tail) for name, tail in tails.items())
        )
    for name, tail in tails.items():
        assert tail.entries == [f"START {name}", "ratings 1"]
    assert len(shop.logs["Ratings"].entries) == 4


async def test_callers_share_a_preparation(shop: Shop) -> None:
    """Callers at the same time share one preparation, also if one of them goes away."""
    async with shop.serve() as served:
        first = asyncio.create_task(served.invoke(call()))
        others = [asyncio.create_task(served.invoke(call())) for _ in range(5)]
        await asyncio.sleep(0)
        first.cancel()
        await asyncio.gather(*others)
        with pytest.raises(asyncio.CancelledError):
            await first
    assert shop.fleet.starts == ["Ratings"]
    assert len({id(each) for each in shop.fleet.functions}) == 1


async def test_failed_preparation(shop: Shop) -> None:
    """A preparation that fails is tried again by the next call; the diagnostics come once."""
    shop.edit("CURRENCY: EUR", "CURRENCY: !GetAtt Unknown.Arn")
    (shop.directory / "ratings").rename(shop.directory / "elsewhere")
    async with shop.serve() as served:
        for _ in range(2):
            with pytest.raises(CodeNotFoundError):
                await served.invoke(call())
        (shop.directory / "elsewhere").rename(shop.directory / "ratings")
        await served.invoke(call())
    assert len([each for each in shop.observer.messages if "CURRENCY" in each]) == 1


async def test_first_state_is_served(shop: Shop) -> None:
    """Without a watch, changes have no effect."""
    async with shop.serve(watches=False) as served:
        await served.invoke(call())
        (shop.directory / "ratings" / "app.py").write_text("ratings 2")
        shop.edit("EUR", "USD")
        assert (await served.invoke(call())).payload == b"ratings 1"
    assert len({each.fingerprint for each in shop.fleet.functions}) == 1


async def test_warm_up(shop: Shop) -> None:
    """Each function gets an environment; one that fails is a diagnostic."""
    async with shop.serve() as served:
        await served.warm_up()
        assert sorted(shop.fleet.starts) == ["Notify", "Ratings"]
        shop.fleet.warm_up_error = SandboxError("no engine")
        await served.warm_up()
    assert "`Ratings` cannot run: no engine" in shop.observer.messages


async def test_env_file_on_stdin(shop: Shop) -> None:
    """Standard input is read once, and each function gets its variables from it."""
    options = FunctionOptions(env_files=("-",), reads_credentials=False)
    stdin = '{"Ratings": {"CURRENCY": "CHF"}, "Notify": {}}'
    async with shop.serve(shop.options(function=options), stdin=stdin) as served:
        await served.invoke(call("Notify"))
        await served.invoke(call("Ratings"))
    assert shop.fleet.functions[1].spec.sandbox.environment["CURRENCY"] == "CHF"


async def test_debugger_of_one_function(debug: DebugSettings, shop: Shop) -> None:
    """The debugger attaches to the chosen function only."""
    options = FunctionOptions(debug=debug, debugged_function="Notify", reads_credentials=False)
    async with shop.serve(shop.options(function=options)) as served:
        await served.invoke(call("Ratings"))
        await served.invoke(call("Notify"))
    assert [each.is_debugged for each in shop.fleet.functions] == [False, True]


async def test_debugger_of_the_first_function(debug: DebugSettings, shop: Shop) -> None:
    """Without a choice, the debugger attaches to the function that runs first, and that is said."""
    options = FunctionOptions(debug=debug, reads_credentials=False)
    async with shop.serve(shop.options(function=options)) as served:
        await served.invoke(call("Ratings"))
        await served.invoke(call("Notify"))
    assert [each.is_debugged for each in shop.fleet.functions] == [True, False]
    assert "the debugger attaches to `Ratings` only, which runs first" in shop.observer.messages


async def test_debug_port_of_the_environment_before(debug: DebugSettings, shop: Shop) -> None:
    """After a change, the port may still be in use by the environment before it."""
    options = FunctionOptions(debug=debug, reads_credentials=False)
    async with shop.serve(shop.options(function=options)) as served:
        await served.invoke(call("Ratings"))
        with socket.create_server(("127.0.0.1", debug.ports[0])):
            (shop.directory / "ratings" / "app.py").write_text("ratings 2")
            await noticed(served)
            assert (await served.invoke(call("Ratings"))).payload == b"ratings 2"


async def test_other_options(shop: Shop) -> None:
    """Environments of the same project with other options end when a function is prepared."""
    async with shop.serve() as served:
        await served.invoke(call())
        await served.invoke(call("Notify"))
    other = FunctionOptions(variables={"CURRENCY": "CHF"}, reads_credentials=False)
    async with shop.serve(shop.options(function=other)) as served:
        await served.invoke(call())
        await served.invoke(call(qualifier="live"))
        await served.invoke(call("Notify"))
    assert len(shop.fleet.pool("Ratings")) == 2
    assert shop.fleet.starts == ["Ratings", "Notify", "Ratings", "Ratings", "Notify"]


async def test_code_facts(shop: Shop) -> None:
    """Size and hash are those of the files, and the same for the same files elsewhere."""
    async with shop.serve() as served:
        function = await served.find("Ratings")
        facts = await served.code_facts(function)
        (shop.directory / "ratings" / "app.py").write_text("other")
        assert await served.code_facts(function) == facts
        other = await served.code_facts(await served.find("Notify"))
    assert facts.size_bytes == len("ratings 1")
    assert facts.sha256 != other.sha256
    assert len(facts.sha256) == 44
    assert facts.last_modified.tzinfo
