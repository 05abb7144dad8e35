"""Texts that an editor opens as a file, since the protocol knows no other way to show one."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

from lsp_aid.errors import FileUnwritableError
from lsp_aid.workspace.disk import write_private
from lsp_aid.workspace.records import state_home

_MOST = 20


def write_page(name: str, text: str, environment: Mapping[str, str]) -> Path:
    """Writes a Markdown text below the user's state folder; the oldest pages are forgotten.

    One text has one file, so that an editor which has it open is not asked to read it again.
    Raises FileUnwritableError.
    """
    folder = state_home(environment) / "pages"
    digest = hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:12]
    page = folder / f"{name}-{digest}.md"
    try:
        write_private(page, text.encode("utf-8", "replace").decode("utf-8"))
        pages = sorted(folder.glob("*.md"), key=lambda file: file.stat().st_mtime, reverse=True)
        for old in pages[_MOST:]:
            old.unlink(missing_ok=True)
    except OSError as error:
        cure = "Permit writing there, or set XDG_STATE_HOME elsewhere."
        raise FileUnwritableError(f"{folder} cannot be written: {error.strerror}", cure) from error
    return page
