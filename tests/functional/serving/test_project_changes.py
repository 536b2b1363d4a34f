"""Changes of the template, and of other files that a project is read from, while it is served."""

from __future__ import annotations

import asyncio
import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from samlocal.errors import EnvVarsError, FunctionNotFoundError
from samlocal.preparation.options import FunctionOptions, ProjectOptions
from tests.functional.serving.conftest import TEMPLATE, call, noticed, settled, until

if TYPE_CHECKING:
    from samlocal.serving.served_project import ServedProject
    from tests.functional.serving.conftest import Shop

STILL = "still serving the previous version of the project"
HEALED = "the project can be read again: serving the new version"


async def currency(served: ServedProject, shop: Shop) -> str:
    """Return the currency of an invocation's environment."""
    await served.invoke(call())
    return shop.fleet.functions[-1].spec.sandbox.environment["CURRENCY"]


async def test_changed_template(shop: Shop) -> None:
    """The next invocation has the new environment; a function that is the same keeps its environments."""
    async with shop.serve() as served:
        await served.invoke(call("Notify"))
        assert await currency(served, shop) == "EUR"
        shop.edit("EUR", "USD")
        await noticed(served)
        assert await currency(served, shop) == "USD"
        await served.invoke(call("Notify"))
    assert shop.fleet.starts == ["Notify", "Ratings", "Ratings"]


async def test_limits_without_a_new_environment(shop: Shop) -> None:
    """What does not shape an environment, such as the concurrency, applies to environments that run."""
    async with shop.serve() as served:
        await served.invoke(call())
        shop.edit("ReservedConcurrentExecutions: 3", "ReservedConcurrentExecutions: 4")
        await noticed(served)
        await served.invoke(call())
    assert [each.reserved_concurrency for each in shop.fleet.functions] == [3, 4]
    assert shop.fleet.starts == ["Ratings"]


async def test_functions_that_come_and_go(shop: Shop) -> None:
    """A new function can be invoked; the environments of one that is removed end."""
    async with shop.serve() as served:
        await served.invoke(call("Notify"))
        shop.edit("  Notify:", "  Inform:")
        await noticed(served)
        assert [each.full_path for each in await served.functions()] == ["Ratings", "Inform"]
        assert not shop.fleet.pool("Notify")
        await served.invoke(call("Inform"))
        with pytest.raises(FunctionNotFoundError):
            await served.invoke(call("Notify"))


async def test_new_function_of_an_eager_project(shop: Shop) -> None:
    """A function that is new is warmed up if all are."""
    async with shop.serve() as served:
        await served.warm_up()
        shop.edit("  Notify:", "  Inform:")
        await settled(served)
        await served.find("Inform")
        await served.warm_up()
    assert sorted(shop.fleet.starts) == ["Inform", "Notify", "Ratings"]


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        pytest.param("Resources: [", "", id="not YAML"),
        pytest.param("", "", id="empty"),
        pytest.param(TEMPLATE.replace("EUR", "EUR}{"), "", id="half saved"),
        pytest.param(
            TEMPLATE.replace("ReservedConcurrentExecutions: 3", "MemorySize: 1"),
            "MemorySize",
            id="a value that Lambda refuses",
        ),
    ],
)
async def test_broken_template(broken: str, message: str, shop: Shop) -> None:
    """It leaves the old one in service, and says so once; when it heals, the new one is served."""
    async with shop.serve() as served:
        await served.invoke(call())
        for comment in ("# 1\n", "# 1\n", "# 1\n"):
            shop.template.write_text(comment + broken)
            await noticed(served)
            assert await currency(served, shop) == "EUR"
        shop.template.write_text(TEMPLATE.replace("EUR", "USD"))
        await noticed(served)
        assert await currency(served, shop) == "USD"
    (error,) = [
        each for each in shop.observer.diagnostics if message in each.message and each.place
    ]
    assert error.place
    assert error.place.path == shop.template
    assert shop.fleet.starts == ["Ratings", "Ratings"]
    statuses = [each for each in shop.observer.statuses if "has changed" not in each]
    assert statuses == [STILL, HEALED]


async def test_broken_again(shop: Shop) -> None:
    """A template that breaks again in the same way is reported again."""
    async with shop.serve() as served:
        for _ in range(2):
            shop.template.write_text("Resources: [")
            await settled(served)
            shop.template.write_text(TEMPLATE)
            await settled(served)
    assert shop.observer.statuses == [STILL, HEALED] * 2
    assert len(shop.observer.diagnostics) == 2


async def test_code_beside_a_broken_template(shop: Shop) -> None:
    """While the template is broken, a change of the code still takes effect."""
    async with shop.serve() as served:
        await served.invoke(call())
        shop.template.write_text("Resources: [")
        await settled(served)
        (shop.directory / "ratings" / "app.py").write_text("ratings 2")
        await noticed(served)
        assert (await served.invoke(call())).payload == b"ratings 2"


async def test_template_that_goes(shop: Shop) -> None:
    """A template that is away leaves the old one in service, also if it could be found elsewhere."""
    (shop.directory / "template.yml").write_text(TEMPLATE.replace("EUR", "GBP"))
    async with shop.serve() as served:
        shop.template.unlink()
        await noticed(served)
        assert await currency(served, shop) == "EUR"
        shop.template.write_text(TEMPLATE.replace("EUR", "USD"))
        await noticed(served)
        assert await currency(served, shop) == "USD"


async def test_build(shop: Shop) -> None:
    """The output of `sam build`, which is removed and made again, is served when it is complete."""
    (shop.directory / ".gitignore").write_text(".aws-sam/\n")
    build = shop.directory / ".aws-sam" / "build"

    def make(number: int) -> None:
        shutil.rmtree(build, ignore_errors=True)
        for name in ("Ratings", "Notify"):
            (build / name).mkdir(parents=True)
            (build / name / "app.py").write_text(f"built {number}")
        text = TEMPLATE.replace("ratings/", "Ratings").replace("notify/", "Notify")
        (build / "template.yaml").write_text(text)

    make(1)
    async with shop.serve() as served:
        assert shop.observer.messages == ["using the build in `.aws-sam/build`"]
        for number in (1, 2, 3):
            assert (await served.invoke(call())).payload == f"built {number}".encode()
            make(number + 1)
            await noticed(served)
        shutil.rmtree(build)
        await noticed(served)
        assert [each.full_path for each in await served.functions()] == ["Ratings", "Notify"]
        make(9)
        await noticed(served)
        assert (await served.invoke(call())).payload == b"built 9"


async def test_env_file(shop: Shop) -> None:
    """An env file is read again; while it is broken, the last environment is used."""
    file = shop.directory / "env.json"
    file.write_text('{"Ratings": {"CURRENCY": "CHF"}}')
    function = FunctionOptions(env_files=(str(file),), reads_credentials=False)
    async with shop.serve(shop.options(function=function)) as served:
        assert await currency(served, shop) == "CHF"
        file.write_text('{"Ratings": {"CURRENCY": "SEK"')
        await noticed(served)
        assert await currency(served, shop) == "CHF"
        with pytest.raises(EnvVarsError):
            await served.invoke(call("Notify"))
        file.write_text('{"Ratings": {"CURRENCY": "SEK"}}')
        await noticed(served)
        assert await currency(served, shop) == "SEK"
    assert shop.observer.statuses[:2] == [STILL, HEALED]


async def test_included_file(shop: Shop) -> None:
    """A file that the template includes is a part of it."""
    file = shop.directory / "variables.yaml"
    file.write_text("CURRENCY: EUR\n")
    include = f"Fn::Transform: {{Name: AWS::Include, Parameters: {{Location: {file.name}}}}}"
    shop.edit("{CURRENCY: EUR}", f"{{{include}}}")
    async with shop.serve() as served:
        assert await currency(served, shop) == "EUR"
        file.write_text("CURRENCY: USD\n")
        await noticed(served)
        assert await currency(served, shop) == "USD"


async def test_nested_stack(shop: Shop) -> None:
    """The template of a nested stack is a part of the project, also if it comes later."""
    nested = shop.directory / "nested" / "template.yaml"
    stack = "  Stock:\n    Type: AWS::Serverless::Application\n    Properties: {Location: nested/template.yaml}\n"
    shop.edit("  Notify:", f"{stack}  Notify:")
    nested.parent.mkdir()
    shutil.copytree(shop.directory / "ratings", nested.parent / "ratings")
    shutil.copytree(shop.directory / "notify", nested.parent / "notify")
    nested.write_text(TEMPLATE)
    async with shop.serve() as served:
        await served.invoke(call("Stock/Ratings"))
        nested.write_text(TEMPLATE.replace("EUR", "USD"))
        await noticed(served)
        await served.invoke(call("Stock/Ratings"))
    assert shop.fleet.starts == ["Stock/Ratings", "Stock/Ratings"]


@pytest.mark.parametrize("before", ["AKIA1", None])
async def test_credentials(before: str | None, shop: Shop) -> None:
    """New credentials in AWS's files reach the function, also if there were none."""
    file = shop.directory / "home" / ".aws" / "credentials"
    file.parent.mkdir(parents=True)
    text = "[default]\naws_access_key_id = {}\naws_secret_access_key = s\n"
    if before:
        file.write_text(text.format(before))
    async with shop.serve(shop.options(function=FunctionOptions())) as served:
        await served.invoke(call())
        file.write_text(text.format("AKIA2"))
        await noticed(served)
        await served.invoke(call())
    environments = [each.spec.sandbox.environment for each in shop.fleet.functions]
    assert [each["AWS_ACCESS_KEY_ID"] for each in environments] == [before or "defaultkey", "AKIA2"]


async def test_chosen_function_that_goes(shop: Shop) -> None:
    """A function that was chosen by name and goes leaves the old template in service."""
    async with shop.serve(shop.options(functions=("Notify",))) as served:
        await served.invoke(call("Notify"))
        shop.edit("  Notify:", "  Inform:")
        await noticed(served)
        await served.invoke(call("Notify"))
    assert shop.observer.statuses == [STILL]


async def test_changed_values_file(shop: Shop) -> None:
    """A file with values that live in AWS is read again."""
    values = shop.directory / "values.yaml"
    values.write_text("ssm: {currency: EUR}\n")
    shop.edit("CURRENCY: EUR", "CURRENCY: '{{resolve:ssm:currency}}'")
    project = ProjectOptions(region="eu-central-1", values_file=values)
    async with shop.serve(replace(shop.options(), project=project)) as served:
        assert await currency(served, shop) == "EUR"
        values.write_text("ssm: {currency: USD}\n")
        await noticed(served)
        assert await currency(served, shop) == "USD"


async def test_apis_are_read_once(shop: Shop) -> None:
    """Requests at the same time share one reading of the APIs, before a change and after it."""
    async with shop.serve() as served:
        first = await asyncio.gather(*(served.apis() for _ in range(5)))
        assert all(each is first[0] for each in first)
        shop.edit("CodeUri: notify/", "CodeUri: notify/, FunctionUrlConfig: {AuthType: NONE}")
        await noticed(served)
        then = await asyncio.gather(*(served.apis() for _ in range(5)))
        assert all(each is then[0] for each in then)
        assert [each.full_path for each in then[0].apis] == ["Notify"]


async def test_web_functions_of_a_project_that_serves_none(shop: Shop) -> None:
    """They are the same object for each request, so that its sites are arranged once."""
    async with shop.serve() as served:
        assert await served.web_functions() is await served.web_functions()


async def test_end_of_a_project_whose_apis_are_read(shop: Shop) -> None:
    """Requests that wait for APIs and web functions get them although the project is replaced by another."""
    # Both wait for the lock, which is free before the project ends.
    async with shop.serve(programs=object()) as served, served._preparation._resolving:
        waiting = asyncio.create_task(served.apis())
        waiting_too = asyncio.create_task(served.web_functions())
        await until(lambda: served._readings and served._web and served._web._tasks)
    assert (await waiting).apis == ()
    assert (await waiting_too).functions == ()
