"""Texts that an editor opens as files."""

import os
from pathlib import Path

import pytest

from lsp_aid.errors import FileUnwritableError
from lsp_aid.workspace.pages import write_page


def test_a_page_is_private_and_has_one_file(tmp_path: Path) -> None:
    environment = {"XDG_STATE_HOME": str(tmp_path)}
    page = write_page("explanation", "ä\n", environment)
    assert page.read_text(encoding="utf-8") == "ä\n"
    assert page.stat().st_mode & 0o077 == 0
    assert write_page("explanation", "ä\n", environment) == page


def test_the_oldest_are_forgotten(tmp_path: Path) -> None:
    environment = {"XDG_STATE_HOME": str(tmp_path)}
    pages = []
    for number in range(25):
        pages.append(write_page("explanation", str(number), environment))
        os.utime(pages[-1], (number, number))
    assert not any(page.exists() for page in pages[:4])
    assert all(page.exists() for page in pages[5:])


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "lsp-aid").write_text("")
    with pytest.raises(FileUnwritableError):
        write_page("explanation", "", {"XDG_STATE_HOME": str(tmp_path)})
