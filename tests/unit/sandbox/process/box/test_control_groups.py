"""Where control groups can be made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from samlocal.sandbox.process.box import control_groups

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

SERVICE = "/user.slice/user-1000.slice/user@1000.service"


def group(root: Path, path: str, controllers: str) -> None:
    """Make a folder as the kernel makes it for a group."""
    folder = root / path.strip("/")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "cgroup.subtree_control").write_text(f"{controllers}\n")
    (folder / "cgroup.procs").touch()


def test_nearest_unified_group(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Groups are made beside the present one, or higher, where the memory can be limited."""
    monkeypatch.setattr(control_groups, "_ROOT", str(tmp_path))
    find = control_groups._unified_parents
    assert find(f"{SERVICE}/app.slice/app-1.scope") == {}
    (tmp_path / "cgroup.controllers").touch()
    group(tmp_path, "/", "cpu memory pids")
    group(tmp_path, SERVICE, "memory pids")
    group(tmp_path, f"{SERVICE}/app.slice", "memory pids io")
    group(tmp_path, f"{SERVICE}/app.slice/app-1.scope", "")
    group(tmp_path, f"{SERVICE}/other.slice/x.scope", "")
    group(tmp_path, f"{SERVICE}/other.slice", "")
    beside = find(f"{SERVICE}/app.slice/app-1.scope")
    assert beside == dict.fromkeys(("memory", "pids"), f"{tmp_path}{SERVICE}/app.slice")
    higher = find(f"{SERVICE}/other.slice/x.scope")
    assert higher == dict.fromkeys(("memory", "pids"), f"{tmp_path}{SERVICE}")
    assert find("/") == dict.fromkeys(("cpu", "memory", "pids"), str(tmp_path))


def test_machine_without_limits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a group that passes the memory on, as in a container, there is none."""
    monkeypatch.setattr(control_groups, "_ROOT", str(tmp_path))
    (tmp_path / "cgroup.controllers").touch()
    group(tmp_path, "/", "")
    assert control_groups._unified_parents("/") == {}
    assert control_groups._unified_parents("/a/b") == {}
