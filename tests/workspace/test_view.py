import os
from pathlib import Path

import pytest

from lsp_aid.errors import FileUnreadableError, OutsideError
from lsp_aid.workspace.view import WorkspaceView


def test_open_documents_stand_over_the_disk(tmp_path: Path) -> None:
    (tmp_path / "a.ml").write_text("disk")
    view = WorkspaceView(tmp_path, {"a.ml": ("editor", 7), "new.ml": ("unsaved", 1)})
    assert view.read("a.ml") == "editor"
    assert view.version("a.ml") == 7
    assert view.exists("new.ml")
    assert list(view.paths()) == ["a.ml", "new.ml"]


def test_a_text_once_read_stays_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "a.ml").write_text("one")
    view = WorkspaceView(tmp_path)
    assert view.read("a.ml") == "one"
    (tmp_path / "a.ml").write_text("two")
    assert view.read("a.ml") == "one"


def test_bom_crlf_and_a_missing_last_newline_are_kept(tmp_path: Path) -> None:
    content = "\ufefflet x = 1\r\nlet é = 2".encode()
    (tmp_path / "a.ml").write_bytes(content)
    assert WorkspaceView(tmp_path).read("a.ml").encode() == content


@pytest.mark.parametrize("folder", ["_build", ".git", ".hg", "_opam"])
def test_what_is_no_source_is_not_listed(tmp_path: Path, folder: str) -> None:
    (tmp_path / "lib" / folder).mkdir(parents=True)
    (tmp_path / "lib" / folder / "x.ml").write_text("")
    (tmp_path / "lib" / "a.ml").write_text("")
    assert list(WorkspaceView(tmp_path).paths()) == ["lib/a.ml"]


@pytest.mark.parametrize("path", ["../secret", "/etc/passwd", "link/secret", "a\0b"])
def test_nothing_outside_the_root_is_read(tmp_path: Path, path: str) -> None:
    root = tmp_path / "root"
    root.mkdir()
    (tmp_path / "secret").write_text("secret")
    (root / "link").symlink_to(tmp_path)
    with pytest.raises(OutsideError):
        WorkspaceView(root).read(path)


@pytest.mark.parametrize(("content", "says"), [(b"caf\xe9", "not UTF-8"), (b"a\0b", "binary")])
def test_a_file_that_is_no_text_is_refused_with_the_reason(tmp_path: Path, content: bytes, says: str) -> None:
    (tmp_path / "a.ml").write_bytes(content)
    with pytest.raises(FileUnreadableError, match=says):
        WorkspaceView(tmp_path).read("a.ml")


@pytest.mark.skipif(os.geteuid() == 0, reason="root can read everything")
def test_an_unreadable_file_is_said_to_be_so(tmp_path: Path) -> None:
    (tmp_path / "a.ml").write_text("x")
    (tmp_path / "a.ml").chmod(0)
    with pytest.raises(FileUnreadableError, match=r"a\.ml cannot be read"):
        WorkspaceView(tmp_path).read("a.ml")
