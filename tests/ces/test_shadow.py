import os
import stat
import threading
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lsp_aid.ces.shadow import Shadow, SyncStopped
from lsp_aid.domain.changes import ChangeSet, FileChange
from lsp_aid.errors import OutsideError
from lsp_aid.workspace.view import WorkspaceView

NOTHING = ChangeSet()


class Bench:
    """A workspace and its shadow."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "root"
        self.copy = folder / "cache" / "0" / "shadow"
        self.root.mkdir()

    def write(self, **files: str) -> None:
        for name, text in files.items():
            path = self.root / name.replace("__", "/").replace("_ml", ".ml")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    def sync(self, changes: Mapping[str, str | None] | None = None, **documents: str) -> None:
        view = WorkspaceView(self.root, {name.replace("_ml", ".ml"): (text, 1) for name, text in documents.items()})
        edits = ChangeSet(FileChange(path, None, after) for path, after in (changes or {}).items())
        Shadow(self.copy, self.root).sync(view, edits)

    def content(self) -> dict[str, str]:
        return tree(self.copy)


def tree(folder: Path) -> dict[str, str]:
    """Files by path with their content, links with an arrow."""
    found = {}
    for path in folder.rglob("*"):
        name = str(path.relative_to(folder))
        if path.is_symlink():
            found[name] = f"-> {path.readlink()}"
        elif path.is_file():
            found[name] = path.read_text()
    return found


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def test_it_is_a_copy_without_build_folders_and_version_control(bench: Bench) -> None:
    bench.write(a_ml="1", lib__b_ml="2", _build__log="x", lib__node_modules__m="x")
    for name in (".git", "_opam", "lib/.hg"):
        (bench.root / name).mkdir()
        (bench.root / name / "x").write_text("x")
    bench.sync()
    assert bench.content() == {"a.ml": "1", "lib/b.ml": "2"}


def test_it_follows_what_changes_on_disk(bench: Bench) -> None:
    bench.write(a_ml="1", lib__b_ml="2", gone__c_ml="3")
    bench.sync()
    bench.write(a_ml="one", new_ml="4")
    (bench.root / "gone" / "c.ml").unlink()
    (bench.root / "gone").rmdir()
    bench.sync()
    assert bench.content() == {"a.ml": "one", "lib/b.ml": "2", "new.ml": "4"}
    assert not (bench.copy / "gone").exists()


def test_a_change_that_keeps_size_and_time_is_seen(bench: Bench) -> None:
    bench.write(a_ml="1")
    bench.sync()
    times = (bench.root / "a.ml").stat()
    bench.write(a_ml="2")
    os.utime(bench.root / "a.ml", ns=(times.st_atime_ns, times.st_mtime_ns))
    bench.sync()
    assert bench.content() == {"a.ml": "2"}


def test_open_texts_and_then_changes_lie_over_it_until_the_next_sync(bench: Bench) -> None:
    bench.write(a_ml="disk", b_ml="disk", c_ml="disk")
    bench.sync({"b.ml": "change", "c.ml": None, "new/d.ml": "change"}, a_ml="open", b_ml="open")
    assert bench.content() == {"a.ml": "open", "b.ml": "change", "new/d.ml": "change"}
    bench.sync()
    assert bench.content() == {"a.ml": "disk", "b.ml": "disk", "c.ml": "disk"}
    assert not (bench.copy / "new").exists()


def test_what_does_not_differ_is_not_written(bench: Bench) -> None:
    bench.write(a_ml="1", b_ml="2")
    bench.sync(a_ml="1")
    before = (bench.copy / "a.ml").stat(), (bench.copy / "b.ml").stat()
    (bench.root / "b.ml").touch()
    bench.sync({"a.ml": "1"})
    after = (bench.copy / "a.ml").stat(), (bench.copy / "b.ml").stat()
    assert [(s.st_ino, s.st_mtime_ns) for s in before] == [(s.st_ino, s.st_mtime_ns) for s in after]


def test_permissions_are_kept_and_texts_as_they_are(bench: Bench) -> None:
    (bench.root / "run.sh").write_bytes(b"#!/bin/sh\r\n")
    (bench.root / "run.sh").chmod(0o755)
    (bench.root / "raw").write_bytes(b"\xff\x00")
    bench.sync({"run.sh": "\ufeffecho é\r\n"})
    assert (bench.copy / "run.sh").read_bytes() == "\ufeffecho é\r\n".encode()
    assert stat.S_IMODE((bench.copy / "run.sh").stat().st_mode) == 0o755
    assert (bench.copy / "raw").read_bytes() == b"\xff\x00"


def test_links_within_stay_and_those_that_leave_lead_to_the_real_place(bench: Bench, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    bench.write(a_ml="1", lib__b_ml="2")
    (bench.root / "near").symlink_to("lib/b.ml")
    (bench.root / "absolute").symlink_to(bench.root / "lib")
    (bench.root / "lib" / "far").symlink_to("../../outside")
    (bench.root / "broken").symlink_to("nowhere")
    bench.sync()
    content = bench.content()
    assert content["near"] == "-> lib/b.ml"
    assert content["absolute"] == "-> lib"
    assert content["lib/far"] == f"-> {outside}"
    assert content["broken"] == "-> nowhere"


def test_nothing_is_written_through_a_link(bench: Bench, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "a.ml").write_text("mine")
    bench.write(dir__a_ml="1", file_ml="2")
    bench.sync()
    (bench.root / "link").symlink_to(outside)
    (bench.root / "file").symlink_to(outside / "a.ml")
    for path in ("link/a.ml", "link/new.ml", "file", "../outside/a.ml", str(outside / "a.ml"), "x/../../outside/a.ml"):
        with pytest.raises(OutsideError):
            bench.sync({path: "attack"})
    # A folder of the last sync is a link now, and there is a text for what lies behind it.
    (bench.root / "dir" / "a.ml").unlink()
    (bench.root / "dir").rmdir()
    (bench.root / "dir").symlink_to(outside)
    bench.sync(None, **{"dir/a_ml": "open", "file_ml": "open"})
    assert tree(outside) == {"a.ml": "mine"}
    assert bench.content()["file.ml"] == "open"


def test_a_text_behind_a_link_within_is_written_to_the_real_file(bench: Bench) -> None:
    bench.write(lib__a_ml="1")
    (bench.root / "alias").symlink_to("lib")
    bench.sync({"alias/a.ml": "2"})
    assert bench.content() == {"lib/a.ml": "2", "alias": "-> lib"}


@pytest.mark.parametrize("path", ["_build/default/a.ml", ".git/hooks/pre-commit", "lib/_opam/x", "..", ".", ""])
def test_a_change_to_what_is_not_copied_is_refused(bench: Bench, path: str) -> None:
    with pytest.raises(OutsideError):
        bench.sync({path: "x"})


def test_a_file_may_become_a_folder_and_back(bench: Bench) -> None:
    bench.write(a="1")
    bench.sync()
    (bench.root / "a").unlink()
    bench.write(a__b_ml="2")
    bench.sync()
    assert bench.content() == {"a/b.ml": "2"}
    (bench.root / "a" / "b.ml").unlink()
    (bench.root / "a").rmdir()
    bench.write(a="3")
    bench.sync()
    assert bench.content() == {"a": "3"}


def test_pipes_and_sockets_are_passed_over(bench: Bench) -> None:
    os.mkfifo(bench.root / "pipe")
    bench.write(a_ml="1")
    bench.sync()
    assert bench.content() == {"a.ml": "1"}


def test_a_sync_that_was_cut_off_is_made_good(bench: Bench) -> None:
    bench.write(a_ml="1", b_ml="2")
    bench.sync()
    bench.write(a_ml="one", b_ml="two", c_ml="3")
    stopping = Shadow(bench.copy, bench.root, StopAt(3))
    with pytest.raises(SyncStopped):
        stopping.sync(WorkspaceView(bench.root), NOTHING)
    # What a process killed there could leave behind as well.
    (bench.copy / "stray.ml").write_text("stray")
    (bench.copy / "a.ml").write_text("half")
    bench.write(a_ml="1")
    bench.sync()
    assert bench.content() == {"a.ml": "1", "b.ml": "two", "c.ml": "3"}


def test_a_manifest_that_cannot_be_read_is_not_trusted(bench: Bench) -> None:
    bench.write(a_ml="1")
    bench.sync()
    (bench.copy / "a.ml").write_text("other")
    bench.copy.with_name("shadow.json").write_text('{"root": 1')
    bench.sync()
    assert bench.content() == {"a.ml": "1"}


class StopAt(threading.Event):
    """Is set once it has been asked so many times."""

    def __init__(self, times: int) -> None:
        super().__init__()
        self.left = times

    def is_set(self) -> bool:
        self.left -= 1
        return self.left < 0


NAMES = st.sampled_from(["a", "b", "lib/a", "lib/b", "lib/x/c", "d"])
TREES = st.dictionaries(NAMES, st.sampled_from(["1", "2", "22", ""]), max_size=5)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.tuples(TREES, TREES, st.integers(0, 14)), min_size=1, max_size=4))
def test_whatever_went_before_it_ends_up_right(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[dict[str, str], dict[str, str], int]]
) -> None:
    bench = Bench(tmp_path_factory.mktemp("bench"))
    for disk, documents, cut in steps:
        for path in sorted(bench.root.rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()
        for name, text in disk.items():
            (bench.root / name).parent.mkdir(parents=True, exist_ok=True)
            (bench.root / name).write_text(text)
        view = WorkspaceView(bench.root, {path: (text, 1) for path, text in documents.items()})
        try:
            Shadow(bench.copy, bench.root, StopAt(cut)).sync(view, NOTHING)
        except SyncStopped:
            continue
        assert bench.content() == {**disk, **documents}
    Shadow(bench.copy, bench.root).sync(view, NOTHING)
    assert bench.content() == {**disk, **documents}
