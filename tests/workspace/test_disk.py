import os
import stat
from pathlib import Path

import pytest

from lsp_aid.domain.changes import ChangeSet, FileChange
from lsp_aid.errors import FileUnwritableError, OutsideError, StaleError
from lsp_aid.workspace.disk import apply_changes


def snapshot(root: Path) -> dict[str, bytes]:
    return {p.relative_to(root).as_posix(): p.read_bytes() for p in sorted(root.rglob("*")) if p.is_file()}


def test_changes_creates_and_deletes(tmp_path: Path) -> None:
    (tmp_path / "a.ml").write_bytes(b"a\r\n")
    (tmp_path / "b.ml").write_text("b")
    apply_changes(
        tmp_path,
        ChangeSet(
            [FileChange("a.ml", "a\r\n", "A\r\n"), FileChange("b.ml", "b", None), FileChange("new/c.ml", None, "c")]
        ),
    )
    assert snapshot(tmp_path) == {"a.ml": b"A\r\n", "new/c.ml": b"c"}


def test_permissions_stay(tmp_path: Path) -> None:
    (tmp_path / "run.sh").write_text("a")
    (tmp_path / "run.sh").chmod(0o750)
    apply_changes(tmp_path, ChangeSet([FileChange("run.sh", "a", "b")]))
    assert stat.S_IMODE((tmp_path / "run.sh").stat().st_mode) == 0o750


def test_a_link_inside_the_workspace_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real.ml").write_text("a")
    (tmp_path / "link.ml").symlink_to("real.ml")
    apply_changes(tmp_path, ChangeSet([FileChange("link.ml", "a", "b")]))
    assert (tmp_path / "link.ml").is_symlink()
    assert (tmp_path / "real.ml").read_text() == "b"


@pytest.mark.parametrize(
    "stale",
    [FileChange("b.ml", "older", "B"), FileChange("b.ml", None, "B"), FileChange("gone.ml", "was here", "x")],
)
def test_nothing_is_written_where_one_file_has_changed(tmp_path: Path, stale: FileChange) -> None:
    (tmp_path / "a.ml").write_text("a")
    (tmp_path / "b.ml").write_text("b")
    before = snapshot(tmp_path)
    with pytest.raises(StaleError):
        apply_changes(tmp_path, ChangeSet([FileChange("a.ml", "a", "A"), stale]))
    assert snapshot(tmp_path) == before


def test_nothing_is_written_where_one_file_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "a.ml").write_text("a")
    (tmp_path / "plain").write_text("no folder")
    before = snapshot(tmp_path)
    with pytest.raises(FileUnwritableError, match="Nothing was changed"):
        apply_changes(tmp_path, ChangeSet([FileChange("a.ml", "a", "A"), FileChange("plain/b.ml", None, "x")]))
    assert snapshot(tmp_path) == before


@pytest.mark.parametrize("path", ["../x.ml", ".git/hooks/pre-commit", "_build/x", "out/x.ml"])
def test_no_path_leaves_the_workspace(tmp_path: Path, path: str) -> None:
    root = tmp_path / "root"
    root.mkdir()
    (root / "out").symlink_to(tmp_path)
    with pytest.raises(OutsideError):
        apply_changes(root, ChangeSet([FileChange(path, None, "x")]))
    assert os.listdir(tmp_path) == ["root"]  # noqa: PTH208


def test_every_stale_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "b.ml").write_text("b")
    with pytest.raises(StaleError) as caught:
        apply_changes(tmp_path, ChangeSet([FileChange("a.ml", "a", "A"), FileChange("b.ml", "older", "B")]))
    assert caught.value.paths == ("a.ml", "b.ml")


def test_folders_that_were_made_in_vain_are_gone(tmp_path: Path) -> None:
    (tmp_path / "plain").write_text("no folder")
    changes = ChangeSet([FileChange("new/deep/a.ml", None, "a"), FileChange("plain/b.ml", None, "x")])
    with pytest.raises(FileUnwritableError) as caught:
        apply_changes(tmp_path, changes)
    assert [path.name for path in tmp_path.rglob("*")] == ["plain"]
    assert caught.value.lost == ()


def test_a_file_that_may_not_be_written_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "a.ml").write_text("a")
    (tmp_path / "a.ml").chmod(0o444)
    if os.access(tmp_path / "a.ml", os.W_OK):
        pytest.skip("root can write everything")
    with pytest.raises(FileUnwritableError):
        apply_changes(tmp_path, ChangeSet([FileChange("a.ml", "a", "b")]))
    assert (tmp_path / "a.ml").read_text() == "a"
