"""Changes of code while a project is served."""

from __future__ import annotations

import asyncio
import os
import shutil
import zipfile
from typing import TYPE_CHECKING

import pytest

from samlocal.errors import CodeNotFoundError, SamlocalError, SandboxError
from tests.functional.serving.conftest import call, noticed, settled, until

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.functional.serving.conftest import Shop


def replaced(file: Path, text: str) -> None:
    """Replace a file as editors do."""
    draft = file.with_name(f".{file.name}.swp")
    draft.write_text(text)
    draft.replace(file)


def moved_away(file: Path, text: str) -> None:
    """Move the whole directory away, and put another one in its place."""
    file.parent.rename(file.parent.with_name("old"))
    file.parent.mkdir()
    file.write_text(text)


def built_again(file: Path, text: str) -> None:
    """Remove the directory and the one that contains it, and make both again."""
    project = file.parent.parent
    saved = project.with_name("saved")
    shutil.copytree(project, saved)
    shutil.rmtree(project)
    saved.rename(project)
    file.write_text(text)


async def test_changes_have_a_number(shop: Shop) -> None:
    """What others have kept of results is out of date when the number is another."""
    async with shop.serve() as served:
        await served.invoke(call())
        before = served.revision
        await served.functions()
        assert served.revision == before
        (shop.directory / "ratings" / "app.py").write_text("ratings 2")
        await settled(served)
        assert served.revision > before


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda file, text: file.write_text(text), id="written"),
        pytest.param(replaced, id="replaced by an editor"),
        pytest.param(moved_away, id="directory replaced"),
        pytest.param(built_again, id="directories made again"),
    ],
)
async def test_changed_code(change: Callable[[Path, str], None], shop: Shop) -> None:
    """The next invocation runs the new code, also after another change, and only that function is retired."""
    file = shop.directory / "ratings" / "app.py"
    async with shop.serve() as served:
        await served.invoke(call("Notify"))
        before = {**shop.fleet.pool("Notify")}
        for number in (1, 2, 3):
            assert (await served.invoke(call())).payload == f"ratings {number}".encode()
            await until(lambda: len(shop.fleet.pool("Ratings")) == 1)
            if change is not built_again:
                assert shop.fleet.pool("Notify") == before
            change(file, f"ratings {number + 1}")
            shutil.rmtree(shop.directory / "old", ignore_errors=True)
            await noticed(served)


async def test_invocation_right_after_a_change(shop: Shop) -> None:
    """The first invocation after a change runs the new code, however soon it comes."""
    async with shop.serve() as served:
        for number in range(20):
            (shop.directory / "ratings" / "app.py").write_text(f"ratings {number}")
            assert (await served.invoke(call())).payload == f"ratings {number}".encode()


def failing_start(shop: Shop, change: Callable[[], object], *, begun: bool = False) -> list[int]:
    """Let starts of environments fail because of a change; return the list of them."""
    starts: list[int] = []

    def fail() -> None:
        starts.append(len(starts))
        change()
        error = SandboxError("the directory has gone")
        error.precedes_invocation = not begun
        raise error

    shop.fleet.on_start = fail
    return starts


async def test_directory_is_replaced_during_a_start(shop: Shop) -> None:
    """An environment that cannot start, because another build replaces its directory, is started again."""
    file = shop.directory / "ratings" / "app.py"

    def change() -> None:
        moved_away(file, "ratings 2")
        shop.fleet.on_start = lambda: None

    async with shop.serve() as served:
        starts = failing_start(shop, change)
        assert (await served.invoke(call())).payload == b"ratings 2"
        assert len(starts) == 1


@pytest.mark.parametrize(
    ("changes", "begun", "attempts"), [(False, False, 1), (True, True, 1), (True, False, 3)]
)
async def test_start_that_fails_for_ever(
    shop: Shop, *, changes: bool, begun: bool, attempts: int
) -> None:
    """An environment that cannot start is an error at once, or after a few attempts if the code always changes."""
    file = shop.directory / "ratings" / "app.py"

    def change() -> None:
        if changes:
            file.write_text(f"ratings {len(starts)}")

    starts = failing_start(shop, change, begun=begun)
    async with shop.serve() as served:
        with pytest.raises(SandboxError, match="has gone"):
            await served.invoke(call())
    assert len(starts) == attempts


async def test_running_invocation(shop: Shop) -> None:
    """An invocation that runs during a change ends with the old code; the next one runs the new code."""
    async with shop.serve() as served:
        shop.fleet.may_end.clear()
        running = asyncio.create_task(served.invoke(call()))
        await until(lambda: shop.fleet.invocations)
        (shop.directory / "ratings" / "app.py").write_text("ratings 2")
        await noticed(served)
        following = asyncio.create_task(served.invoke(call()))
        await until(lambda: len(shop.fleet.invocations) == 2)
        shop.fleet.may_end.set()
        assert (await running).payload == b"ratings 1"
        assert (await following).payload == b"ratings 2"


async def test_unused_environments_end(shop: Shop) -> None:
    """The environments of the old code end without another invocation, and that is said."""
    async with shop.serve() as served:
        await served.invoke(call())
        (shop.directory / "ratings" / "app.py").write_text("ratings 2")
        await until(lambda: not shop.fleet.pool("Ratings"))
    assert shop.observer.statuses == [
        "`Ratings` has changed: its next invocation runs the new version"
    ]


async def test_changes_are_told_once(shop: Shop) -> None:
    """Further changes before an invocation are not said: their own message may be one, in a file beside the code."""
    async with shop.serve() as served:
        await served.invoke(call())
        for content in ("a", "ab", "abc"):
            (shop.directory / "ratings" / "app.py").write_text(content)
            await noticed(served)
            await settled(served)
        await until(lambda: shop.observer.statuses)
        assert len(shop.observer.statuses) == 1
        assert (await served.invoke(call())).payload == b"abc"
        (shop.directory / "ratings" / "app.py").write_text("abcd")
        await until(lambda: len(shop.observer.statuses) == 2)


async def test_own_files(shop: Shop) -> None:
    """What this process writes beside the code is not a change of the code."""
    log = shop.directory / "ratings" / "out.log"
    with log.open("w") as file:
        async with shop.serve() as served:
            await served.invoke(call())
            file.write("started")
            file.flush()
            await served.invoke(call())
    assert len(shop.fleet.starts) == 1
    assert shop.observer.statuses == []


async def test_eager_environments(shop: Shop) -> None:
    """After a change, the environments that were warmed up are warm again."""
    async with shop.serve() as served:
        await served.warm_up()
        (shop.directory / "ratings" / "app.py").write_text("ratings 2")
        await until(lambda: [*shop.fleet.pool("Ratings").values()] == ["ratings 2"])
    assert sorted(shop.fleet.starts) == ["Notify", "Ratings", "Ratings"]


async def test_versions_are_prepared_again(shop: Shop) -> None:
    """After a change, every version that was in use runs the new code."""
    async with shop.serve() as served:
        for qualifier in (None, "live"):
            await served.invoke(call(qualifier=qualifier))
        (shop.directory / "ratings" / "app.py").write_text("ratings 2")
        await noticed(served)
        for qualifier in (None, "live"):
            assert (await served.invoke(call(qualifier=qualifier))).payload == b"ratings 2"


async def test_new_directories(shop: Shop) -> None:
    """A file in a directory that was created meanwhile counts as well."""
    async with shop.serve() as served:
        await served.invoke(call())
        (shop.directory / "ratings" / "lib" / "rates").mkdir(parents=True)
        await settled(served)
        await served.invoke(call())
        starts = len(shop.fleet.starts)
        (shop.directory / "ratings" / "lib" / "rates" / "eur.py").write_text("1")
        await noticed(served)
        await served.invoke(call())
        assert len(shop.fleet.starts) == starts + 1


async def test_many_changes(shop: Shop) -> None:
    """Many changes at once, as by `git checkout`, are one change."""
    code = shop.directory / "ratings"
    async with shop.serve() as served:
        await served.invoke(call())
        for number in range(500):
            (code / f"m{number}.py").write_text("1")
        (code / "app.py").write_text("ratings 2")
        await noticed(served)
        assert (await served.invoke(call())).payload == b"ratings 2"
        await served.functions()
        assert shop.fleet.starts == ["Ratings", "Ratings"]


async def test_missing_code(shop: Shop) -> None:
    """While the code is away, invocations fail and old environments end; it runs again when it is back."""
    code = shop.directory / "ratings"
    async with shop.serve() as served:
        await served.invoke(call())
        code.rename(shop.directory / "elsewhere")
        await noticed(served)
        with pytest.raises(CodeNotFoundError):
            await served.invoke(call())
        await until(lambda: not shop.fleet.pool("Ratings"))
        (shop.directory / "elsewhere").rename(code)
        assert (await served.invoke(call())).payload == b"ratings 1"
        (code / "app.py").write_text("ratings 2")
        await noticed(served)
        assert (await served.invoke(call())).payload == b"ratings 2"


async def test_code_that_cannot_be_looked_at(shop: Shop) -> None:
    """One function whose code is out of reach does not keep the others from running, and from changing."""
    shop.edit("CodeUri: notify/", f"CodeUri: {'n' * 256}/")  # an error for everybody, also for root
    async with shop.serve() as served:
        assert not await served.warm_up()
        assert f"`Notify` cannot run: `{'n' * 80}…` cannot be read: File name too long" in (
            shop.observer.messages
        )
        with pytest.raises(SamlocalError, match="too long"):
            await served.invoke(call("Notify"))
        assert (await served.invoke(call())).payload == b"ratings 1"
        (shop.directory / "ratings" / "app.py").write_text("ratings 2")
        await noticed(served)
        assert (await served.invoke(call())).payload == b"ratings 2"


@pytest.mark.parametrize(
    ("name", "options"),
    [
        pytest.param("debug.log", {}, id="gitignore"),
        pytest.param("node_modules/left-pad/index.js", {}, id="in an ignored directory"),
        pytest.param("__pycache__/app.pyc", {}, id="Python's cache"),
        pytest.param("notes.md", {"ignore": ("*.md",)}, id="pattern of the user"),
    ],
)
async def test_ignored_files(name: str, options: dict[str, object], shop: Shop) -> None:
    """A change of an ignored file has no effect; a later change of the code has."""
    (shop.directory / ".gitignore").write_text("*.log\nnode_modules/\nratings/\n")
    file = shop.directory / "ratings" / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("1")
    async with shop.serve(shop.options(**options)) as served:
        await served.invoke(call())
        file.write_text("2")
        (shop.directory / "notify" / "app.py").touch()
        await served.invoke(call("Notify"))
        (shop.directory / "notify" / "app.py").write_text("notify 2")
        await noticed(served)  # of the function that was changed later
        await served.invoke(call())
        assert shop.fleet.starts.count("Ratings") == 1
        (shop.directory / "ratings" / "app.py").write_text("ratings 2")
        await noticed(served)
        assert (await served.invoke(call())).payload == b"ratings 2"


async def test_gitignore_that_is_not_respected(shop: Shop) -> None:
    """Without `.gitignore`, its files count."""
    (shop.directory / ".gitignore").write_text("*.log\n")
    async with shop.serve(shop.options(respects_gitignore=False)) as served:
        await served.invoke(call())
        (shop.directory / "ratings" / "debug.log").write_text("2")
        await noticed(served)
        await served.invoke(call())
    assert len(shop.fleet.starts) == 2


async def test_link_to_the_code(shop: Shop) -> None:
    """A link to the code that leads elsewhere is a change, and so is a change behind the link."""
    code = shop.directory / "ratings"
    releases = shop.directory / "releases"
    for number in (1, 2):
        (releases / str(number)).mkdir(parents=True)
        (releases / str(number) / "app.py").write_text(f"release {number}")
    shutil.rmtree(code)
    code.symlink_to("releases/1")
    async with shop.serve() as served:
        assert (await served.invoke(call())).payload == b"release 1"
        (shop.directory / "next").symlink_to("releases/2")
        (shop.directory / "next").replace(code)
        await noticed(served)
        assert (await served.invoke(call())).payload == b"release 2"
        (releases / "2" / "app.py").write_text("release 3")
        await noticed(served)
        assert (await served.invoke(call())).payload == b"release 3"


async def test_linked_directory(shop: Shop) -> None:
    """A directory outside of the code that a link leads to is a part of the code."""
    shared = shop.directory / "shared"
    shared.mkdir()
    (shop.directory / "ratings" / "shared").symlink_to("../shared")
    async with shop.serve() as served:
        await served.invoke(call())
        (shared / "rates.py").write_text("1")
        await noticed(served)
        await served.invoke(call())
    assert shop.fleet.starts == ["Ratings", "Ratings"]


async def test_archive(shop: Shop) -> None:
    """An archive that is replaced is unpacked again."""
    archive = shop.directory / "ratings.zip"

    def pack(text: str) -> None:
        with zipfile.ZipFile(shop.directory / "draft.zip", "w") as made:
            made.writestr("app.py", text)
        (shop.directory / "draft.zip").replace(archive)

    pack("packed 1")
    shop.edit("CodeUri: ratings/", "CodeUri: ratings.zip")
    async with shop.serve() as served:
        assert (await served.invoke(call())).payload == b"packed 1"
        pack("packed 2")
        await noticed(served)
        assert (await served.invoke(call())).payload == b"packed 2"


@pytest.mark.parametrize("count", [1, 2])
async def test_layers(count: int, shop: Shop) -> None:
    """A change in a layer is a change of the functions that use it, also where layers are merged."""
    layers = ""
    for number in range(count):
        (shop.directory / f"layer{number}").mkdir()
        (shop.directory / f"layer{number}" / f"file{number}").write_text("1")
        layers += (
            f"  Layer{number}:\n    Type: AWS::Serverless::LayerVersion\n"
            f"    Properties: {{ContentUri: layer{number}/}}\n"
        )
    names = ", ".join(f"!Ref Layer{number}" for number in range(count))
    shop.edit("  Notify:", f"{layers}  Notify:")
    shop.edit("AutoPublishAlias: live", f"Layers: [{names}]")
    async with shop.serve() as served:
        await served.invoke(call())
        await served.invoke(call("Notify"))
        (shop.directory / "layer0" / "file0").write_text("22")
        await noticed(served)
        await served.invoke(call())
        await served.invoke(call("Notify"))
    assert shop.fleet.starts == ["Ratings", "Notify", "Ratings"]


async def test_touched_code_facts(shop: Shop) -> None:
    """The facts about the code are read again after a change."""
    async with shop.serve() as served:
        function = await served.find("Ratings")
        await served.invoke(call())
        before = await served.code_facts(function)
        (shop.directory / "ratings" / "app.py").write_text("ratings 2")
        await noticed(served)
        after = await served.code_facts(function)
    assert after.sha256 != before.sha256


async def test_strange_names(shop: Shop) -> None:
    """A file whose name is not text is a change like any other."""
    strange = os.path.join(os.fsencode(shop.directory), b"ratings", b"\xff")  # noqa: PTH118  # bytes
    async with shop.serve() as served:
        await served.invoke(call())
        with open(strange, "w"):  # noqa: PTH123, ASYNC230  # bytes
            pass
        await noticed(served)
        await served.invoke(call())
        (shop.directory / "ratings" / "app.py").write_text("ratings 2")
        await noticed(served)
        assert (await served.invoke(call())).payload == b"ratings 2"
