"""Which changed files are ignored, compared with Git."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from samlocal.serving.ignore_rules import IgnoreRules

if TYPE_CHECKING:
    from pathlib import Path

PATHS = ("a", "b", "a/b", "a/c.log", "a/b/c", "b/a/c.log", "c.log", "a/b/a/b", "d/b", "d/keep.log")
PATTERNS = (
    *("a", "/a", "a/", "b/", "/b", "*.log", "!keep.log", "!c.log", "a/b", "a/*", "!a/b", "**/b"),
    *("a/**", "!/a/b/", "d/", "!d/keep.log", "# a", "", "*", "!*/", "?", "[ab]", "\\#", "a/**/b"),
    *(
        "[!a]",
        "[^a-b].log",
        "a/?",
        "b/**/*.log",
        "**",
        "/**",
        "*/b",
        "**/a/**",
        "!a/",
        "[[:alpha:]]",
        "c\\.log",
        "a\\",
        "[",
        "b ",
        "b\\ ",
    ),
)


def files(directory: Path, *names: str) -> None:
    for name in names:
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).touch()


def git(directory: Path, *arguments: str, text: str = "") -> str:
    """Return the output of a command of Git, which no configuration of the user changes."""
    command = ["git", "-c", "core.excludesFile=/dev/null", *arguments]
    run = subprocess.run(
        command, cwd=directory, input=text, capture_output=True, text=True, check=False
    )
    assert run.returncode in (0, 1), run.stderr
    return run.stdout


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """An empty repository."""
    directory = tmp_path / "repository"
    directory.mkdir()
    git(directory, "init", "--quiet")
    (directory / ".git" / "info" / "exclude").unlink(missing_ok=True)
    return directory


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with some files and directories."""
    directory = tmp_path_factory.mktemp("tree")
    git(directory, "init", "--quiet")
    files(directory, *(name for name in PATHS if not any(p.startswith(f"{name}/") for p in PATHS)))
    return directory


@given(
    top=st.lists(st.sampled_from(PATTERNS), max_size=5),
    nested=st.lists(st.sampled_from(PATTERNS), max_size=3),
)
@settings(max_examples=60, deadline=None)
def test_same_as_git(top: list[str], nested: list[str], tree: Path) -> None:
    """Whatever the patterns at the top and in a directory are, Git ignores the same files."""
    (tree / ".gitignore").write_text("\n".join(top))
    (tree / "a" / ".gitignore").write_text("\n".join(nested))
    found = git(tree, "check-ignore", "--no-index", "--stdin", text="\n".join(PATHS))
    rules = IgnoreRules(top=tree)
    assert {path for path in PATHS if rules.is_ignored(str(tree), path)} == set(found.split())


@pytest.mark.parametrize(
    "pattern", ["dist/", "dist", "/dist", "dist/*", "dist/**", "*", "d*", "**"]
)
def test_ignored_code(pattern: str, repository: Path) -> None:
    """A pattern for the directory of code, or for all that is in it, has no effect there."""
    (repository / ".gitignore").write_text(f"{pattern}\n*.log\n")
    files(repository, "dist/app.js", "dist/lib/x.js", "dist/app.log")
    rules = IgnoreRules(top=repository)
    code = str(repository / "dist")
    names = ("app.js", "lib/x.js", "lib", "app.log")
    assert [each for each in names if rules.is_ignored(code, each)] == ["app.log"]


def test_built_code(repository: Path) -> None:
    """The output of `sam build` is code where it is served, and not where its sources are."""
    (repository / ".gitignore").write_text(".aws-sam/\nnode_modules/\n")
    rules = IgnoreRules(top=repository)
    built = repository / ".aws-sam" / "build" / "Ratings"
    assert not rules.is_ignored(str(built), "app.py")
    assert rules.is_ignored(str(built), "node_modules/left-pad/index.js")
    assert rules.is_ignored(str(repository), ".aws-sam/build/Ratings/app.py")


@pytest.mark.parametrize("name", [".git/index", "__pycache__/app.pyc", "lib/__pycache__"])
def test_never_code(name: str, repository: Path) -> None:
    """What no function depends on is ignored without any `.gitignore`."""
    files(repository, "lib/app.py")
    assert IgnoreRules(top=repository, respects_gitignore=False).is_ignored(str(repository), name)
    assert not IgnoreRules(top=repository).is_ignored(str(repository), "lib/app.py")


def test_own_patterns(repository: Path) -> None:
    """The user's patterns come first, also where they say that a file counts."""
    (repository / ".gitignore").write_text("*.json\n")
    files(repository, "src/a.json", "src/b.json", "src/notes/a.txt")
    rules = IgnoreRules(("notes/", "!b.json"), top=repository)
    ignored = [
        n for n in ("a.json", "b.json", "notes/a.txt") if rules.is_ignored(f"{repository}/src", n)
    ]
    assert ignored == ["a.json", "notes/a.txt"]


def test_without_gitignore(repository: Path) -> None:
    """`.gitignore` has no effect if it is not respected."""
    (repository / ".gitignore").write_text("*.json\n")
    rules = IgnoreRules(top=repository, respects_gitignore=False)
    assert not rules.is_ignored(str(repository), "a.json")


def test_changed_gitignore(repository: Path) -> None:
    """New rules apply as soon as the old ones are forgotten."""
    rules = IgnoreRules(top=repository)
    assert not rules.is_ignored(str(repository), "a.json")
    (repository / ".gitignore").write_text("*.json\n")
    rules.forget()
    assert rules.is_ignored(str(repository), "a.json")


def test_without_a_repository(tmp_path: Path) -> None:
    """Without a repository, the files from the project's directory down count."""
    files(tmp_path, "shop/src/a.json", "shop/src/b.txt")
    (tmp_path / ".gitignore").write_text("*.txt\n")
    (tmp_path / "shop" / ".gitignore").write_text("*.json\n")
    rules = IgnoreRules(top=tmp_path / "shop")
    code = str(tmp_path / "shop" / "src")
    assert [each for each in ("a.json", "b.txt") if rules.is_ignored(code, each)] == ["a.json"]


def test_removed_directory(repository: Path) -> None:
    """A path that has gone is ignored if a directory of that name would be."""
    (repository / ".gitignore").write_text("build/\n")
    rules = IgnoreRules(top=repository)
    assert rules.is_ignored(str(repository), "build")
    files(repository, "build")
    assert not rules.is_ignored(str(repository), "build")


def test_malformed_file(repository: Path) -> None:
    """A file that is not text, and one that is a directory, ignore nothing that they do not name."""
    (repository / ".gitignore").write_bytes(b"\xff\x00\n*.log\n!\n")
    (repository / "lib" / ".gitignore").mkdir(parents=True)
    rules = IgnoreRules(top=repository)
    assert not rules.is_ignored(str(repository), "lib/a")
