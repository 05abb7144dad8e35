"""What was applied can be taken back over all its files, in any kind of checkout, or not at all."""

import errno
import os
import signal
import subprocess
from pathlib import Path

import pytest

from lsp_aid.domain.changes import ChangeSet, FileChange
from lsp_aid.domain.journal import State
from lsp_aid.errors import FileUnwritableError, OutsideError, StaleError
from lsp_aid.workspace.journal import Journal, apply, check_untouched, recover, undo
from tests.support.requires import require

BEFORE = {"lib/a.ml": "let a = 1\r\n", "lib/b.ml": "\ufefflet b = 2", "old.ml": "let old = 0\n"}
CHANGES = ChangeSet(
    [
        FileChange("lib/a.ml", BEFORE["lib/a.ml"], "let a = 10\r\n"),
        FileChange("lib/b.ml", BEFORE["lib/b.ml"], "\ufefflet b = 20"),
        FileChange("new/deep/c.ml", None, "let c = 3\n"),
        FileChange("old.ml", BEFORE["old.ml"], None),
    ]
)


def git(root: Path, *words: str) -> str:
    return subprocess.run(["git", *words], cwd=root, check=True, capture_output=True, text=True).stdout


def hg(root: Path, *words: str) -> str:
    return subprocess.run(["hg", *words], cwd=root, check=True, capture_output=True, text=True).stdout


@pytest.fixture(params=["git", "hg", "plain"])
def root(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    root = tmp_path / "project"
    for path, text in BEFORE.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(text.encode())
    if request.param == "git":
        require("git")
        git(root, "init", "-q")
        git(root, "add", ".")
        git(root, "commit", "-qm", "first")
    if request.param == "hg":
        require("hg")
        hg(root, "init")
        hg(root, "commit", "-Am", "first", "-q")
    return root


def status(root: Path) -> str:
    if (root / ".git").exists():
        return git(root, "status", "--porcelain")
    return hg(root, "status") if (root / ".hg").exists() else ""


def texts(root: Path) -> dict[str, bytes]:
    """All files and, with no content, all folders."""
    paths = [p for p in sorted(root.rglob("*")) if not {".git", ".hg"} & set(p.relative_to(root).parts)]
    return {p.relative_to(root).as_posix(): p.read_bytes() if p.is_file() else b"" for p in paths}


def journal_of(root: Path) -> Journal:
    return Journal(root, os.environ)


def test_undo_takes_back_all_files_after_a_restart(root: Path) -> None:
    before = texts(root)
    applied = apply(root, CHANGES, journal_of(root), proposal="p1", title="Do it")
    assert applied.warning == ""
    assert texts(root) != before
    entry = journal_of(root).find("p1")
    assert entry == applied.entry
    assert entry
    assert (entry.state, entry.title, entry.root) == (State.APPLIED, "Do it", str(root))
    undo(root, entry, journal_of(root))
    assert texts(root) == before
    assert status(root) == ""
    assert [e.state for e in journal_of(root).entries()] == [State.UNDONE]


def test_undo_is_refused_whole_where_a_file_was_touched_since(root: Path) -> None:
    entry = apply(root, CHANGES, journal_of(root)).entry
    assert entry
    (root / "lib/b.ml").write_text("let b = 21")
    now = texts(root)
    with pytest.raises(StaleError) as caught:
        undo(root, entry, journal_of(root))
    assert caught.value.paths == ("lib/b.ml",)
    assert "lib/b.ml has changed" in str(caught.value)
    assert "lib/a.ml" not in str(caught.value)
    assert texts(root) == now
    assert [e.state for e in journal_of(root).entries()] == [State.APPLIED]


@pytest.mark.parametrize("root", ["plain"], indirect=True)
def test_every_file_that_was_touched_is_named(root: Path) -> None:
    entry = apply(root, CHANGES, journal_of(root)).entry
    assert entry
    (root / "lib/a.ml").write_bytes(b"binary\0")
    (root / "new/deep/c.ml").unlink()
    (root / "old.ml").write_text("again")
    with pytest.raises(StaleError) as caught:
        undo(root, entry, journal_of(root))
    assert caught.value.paths == ("lib/a.ml", "new/deep/c.ml", "old.ml")


@pytest.mark.parametrize("root", ["plain"], indirect=True)
def test_a_folder_that_became_a_link_out_is_not_followed(root: Path, tmp_path: Path) -> None:
    entry = apply(root, CHANGES, journal_of(root)).entry
    assert entry
    (root / "lib").rename(tmp_path / "outside")
    (root / "lib").symlink_to(tmp_path / "outside")
    with pytest.raises((StaleError, OutsideError)):
        undo(root, entry, journal_of(root))
    assert (tmp_path / "outside/a.ml").read_bytes() == b"let a = 10\r\n"


@pytest.mark.parametrize("root", ["plain"], indirect=True)
def test_several_are_undone_from_the_last_on(root: Path) -> None:
    start = texts(root)
    first = apply(root, ChangeSet([FileChange("old.ml", "let old = 0\n", "1")]), journal_of(root)).entry
    second = apply(root, ChangeSet([FileChange("old.ml", "1", "2")]), journal_of(root)).entry
    assert first
    assert second
    with pytest.raises(StaleError):
        undo(root, first, journal_of(root))
    undo(root, second, journal_of(root))
    undo(root, first, journal_of(root))
    assert texts(root) == start


@pytest.mark.parametrize("root", ["plain"], indirect=True)
def test_what_could_not_be_applied_is_not_in_the_journal(root: Path) -> None:
    with pytest.raises(StaleError):
        apply(root, ChangeSet([FileChange("old.ml", "another", "2")]), journal_of(root))
    assert journal_of(root).entries() == ()


@pytest.mark.parametrize("root", ["plain"], indirect=True)
def test_without_a_journal_it_is_applied_with_a_warning(root: Path, tmp_path: Path) -> None:
    (tmp_path / "plain").write_text("")
    journal = Journal(root, {"XDG_STATE_HOME": str(tmp_path / "plain")})
    applied = apply(root, CHANGES, journal)
    assert applied.entry is None
    assert "cannot be written" in applied.warning
    assert (root / "lib/a.ml").read_bytes() == b"let a = 10\r\n"


@pytest.mark.parametrize("root", ["plain"], indirect=True)
@pytest.mark.parametrize("written", [0, 1, 2, 3, 4])
def test_what_a_killed_process_has_begun_is_put_back_or_counts(root: Path, written: int) -> None:
    """A process is killed between two files: the next one finds the entry and what is written already."""
    before, journal = texts(root), journal_of(root)
    journal.note(CHANGES, state=State.BEGUN)
    (root / "lib/.a.ml.lsp-aid-x1.tmp").write_text("staged")
    for change in CHANGES.files[:written]:
        (root / change.path).parent.mkdir(parents=True, exist_ok=True)
        if change.after is None:
            (root / change.path).unlink()
        else:
            (root / change.path).write_bytes(change.after.encode())
    back = recover(root, journal)
    if written < len(CHANGES.files):
        assert texts(root) == before
        assert len(back) == 1
        assert journal.entries() == ()
    else:
        assert [entry.state for entry in journal.entries()] == [State.APPLIED]
        assert back == ()


@pytest.mark.parametrize("root", ["plain"], indirect=True)
@pytest.mark.parametrize("undone", [0, 1, 2, 3, 4])
def test_an_undo_that_is_killed_on_the_way_can_be_asked_for_again(
    root: Path, undone: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = texts(root)
    entry = apply(root, CHANGES, journal_of(root)).entry
    assert entry
    if (child := os.fork()) == 0:
        left = [undone]
        replace, unlink = Path.replace, Path.unlink

        def counted(path: Path) -> None:
            if path.name.endswith(".json") or ".json." in path.name:
                return
            if left[0] == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            left[0] -= 1

        def killing_replace(path: Path, target: Path) -> Path:
            counted(path)
            return replace(path, target)

        def killing_unlink(path: Path, missing_ok: bool = False) -> None:
            counted(path)
            unlink(path, missing_ok)

        monkeypatch.setattr(Path, "replace", killing_replace)
        monkeypatch.setattr(Path, "unlink", killing_unlink)
        undo(root, entry, journal_of(root))
        os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(child, 0)
    journal = journal_of(root)
    if not recover(root, journal):
        (found,) = journal.entries()
        if found.state is State.APPLIED:
            undo(root, found, journal)
    assert texts(root) == before


@pytest.mark.parametrize("root", ["plain"], indirect=True)
def test_an_undo_that_fails_can_be_asked_for_again(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = texts(root)
    entry = apply(root, CHANGES, journal_of(root)).entry
    assert entry
    now = texts(root)
    full = OSError(errno.ENOSPC, "No space left on device")
    with monkeypatch.context() as patched:
        unlink = Path.unlink

        def refused(path: Path, missing_ok: bool = False) -> None:
            if path.name == "c.ml":
                raise full
            unlink(path, missing_ok)

        patched.setattr(Path, "unlink", refused)
        with pytest.raises(FileUnwritableError, match="Nothing was changed"):
            undo(root, entry, journal_of(root))
    assert texts(root) == now
    assert [e.state for e in journal_of(root).entries()] == [State.APPLIED]
    undo(root, entry, journal_of(root))
    assert texts(root) == before


@pytest.mark.parametrize("root", ["plain"], indirect=True)
def test_what_was_begun_and_touched_since_is_left_alone(root: Path) -> None:
    journal = journal_of(root)
    journal.note(CHANGES, state=State.BEGUN)
    (root / "lib/a.ml").write_text("mine")
    assert recover(root, journal) == ()
    assert (root / "lib/a.ml").read_text() == "mine"
    assert apply(root, ChangeSet([FileChange("lib/a.ml", "mine", "x")]), journal).entry


def test_texts_in_an_editor_are_checked_as_well(tmp_path: Path) -> None:
    journal = journal_of(tmp_path)
    entry = journal.note(ChangeSet([FileChange("a.ml", "1", "2"), FileChange("b.ml", None, "3")]), proposal="p")
    check_untouched(entry, {"a.ml": "2", "b.ml": "3"}.get)
    with pytest.raises(StaleError) as caught:
        check_untouched(entry, {"a.ml": "2"}.get)
    assert caught.value.paths == ("b.ml",)
    assert journal.set_state(entry, State.UNDONE).state is State.UNDONE
    assert journal.find(entry.id) == journal.find("p") == journal.entries()[0]
