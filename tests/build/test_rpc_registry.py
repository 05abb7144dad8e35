import os
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lsp_aid.build.csexp import encode
from lsp_aid.build.rpc_registry import Instance, find_instances, registered, registry_folder


@pytest.fixture
def root() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder).resolve()


def note(root: Path, where: str, pid: int | None = None, project: Path | None = None) -> Path:
    """Notes a dune as running, as dune does."""
    pid = os.getpid() if pid is None else pid
    file = root / "run" / "dune" / "rpc" / f"{pid}.csexp"
    file.parent.mkdir(parents=True, exist_ok=True)
    fields = {"pid": str(pid), "root": str(project or root), "where": where}
    file.write_bytes(encode(tuple((name.encode(), os.fsencode(value)) for name, value in fields.items())))
    return file


def bound(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with socket.socket(socket.AF_UNIX) as left_over:
        left_over.bind(str(path))
    return path


def environment(root: Path) -> dict[str, str]:
    return {"XDG_RUNTIME_DIR": str(root / "run"), "HOME": str(root)}


def test_where_dune_notes_itself() -> None:
    assert registry_folder({"XDG_RUNTIME_DIR": "/run/u", "XDG_DATA_HOME": "/d"}) == Path("/run/u/dune/rpc")
    assert registry_folder({"XDG_DATA_HOME": "/d", "HOME": "/h"}) == Path("/d/dune/rpc")
    assert registry_folder({"HOME": "/h"}) == Path("/h/.local/share/dune/rpc")


def test_the_build_folder_is_looked_at_and_the_registry(root: Path) -> None:
    assert find_instances(root, environment(root)) == ()
    default = bound(root / "_build" / ".rpc" / "dune")
    assert find_instances(root, environment(root)) == (Instance(root, default),)
    other = bound(root / "other build" / ".rpc" / "dune")
    note(root, f"unix:path={str(other).replace(' ', '%20')}")
    assert [each.socket for each in find_instances(root, environment(root))] == [other, default]
    assert [each.socket for each in find_instances(root, environment(root), but=other.parent.parent)] == [default]
    assert [each.socket for each in find_instances(root / "run", environment(root))] == []


def test_the_same_socket_counts_once(root: Path) -> None:
    default = bound(root / "_build" / ".rpc" / "dune")
    note(root, f"unix:path={default}")
    assert find_instances(root, environment(root)) == (Instance(root, default, os.getpid()),)


def test_what_is_not_believed(root: Path) -> None:
    there = bound(root / "x")
    for file in (
        note(root, f"unix:path={there}", pid=2**22 + 1),  # no such process
        note(root, "tcp:host=127.0.0.1,port=8587", pid=os.getppid()),
        note(root, f"unix:path={there}", project=Path("relative")),
    ):
        assert list(registered(environment(root))) == []
        file.unlink()
    file = note(root, f"unix:path={there}")
    file.rename(root / "aside")
    file.symlink_to(root / "aside")
    assert list(registered(environment(root))) == []
    (root / "_build" / ".rpc").mkdir(parents=True)
    (root / "_build" / ".rpc" / "dune").write_text("no socket")
    assert find_instances(root, environment(root)) == ()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(data=st.binary(max_size=200))
def test_garbage_in_the_registry(root: Path, data: bytes) -> None:
    note(root, "x").write_bytes(data)
    assert list(registered(environment(root))) == []
