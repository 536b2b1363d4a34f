from __future__ import annotations

from pathlib import Path

from samlocal.errors import Place
from samlocal.sandbox.file_permissions import readability_diagnostics

PLACE = Place(Path("template.yaml"), 12, 5)


def test_readable_code(tmp_path: Path) -> None:
    """Readable code has no diagnostic, and the mode of a symlink is ignored."""
    code = tmp_path / "code"
    (code / "lib").mkdir(parents=True)
    (code / "app.py").touch(0o644)
    (code / "broken").symlink_to("nowhere")
    assert readability_diagnostics(code, place=PLACE) == ()


def test_unreadable_files_are_named(tmp_path: Path) -> None:
    """The diagnostic has the first unreadable file, and the number of others outside closed directories."""
    code = tmp_path / "code"
    (code / "lib").mkdir(parents=True)
    (code / "lib" / "a.py").touch(0o600)
    (code / "b.py").touch(0o640)
    (code / "zip").mkdir(mode=0o750)
    (code / "zip" / "c.py").touch(0o600)
    code.chmod(0o755)

    (diagnostic,) = readability_diagnostics(code, place=PLACE)

    assert diagnostic.message.startswith(f"Lambda's user cannot read `{code}/b.py` and 2 more: ")
    assert (diagnostic.place, diagnostic.hint) == (
        PLACE,
        f"run `chmod -R o+rX {code}`",
    )


def test_code_directory_that_is_closed(tmp_path: Path) -> None:
    """A closed code directory, as from `mktemp -d`, is reported itself."""
    tmp_path.chmod(0o700)
    (diagnostic,) = readability_diagnostics(tmp_path, place=PLACE)
    assert diagnostic.message.startswith(f"Lambda's user cannot read `{tmp_path}`")
