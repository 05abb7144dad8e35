import os
import tempfile
from pathlib import Path

from lsp_aid.ces.bare import BareKeeper
from lsp_aid.ces.keeping import Limits, Step


async def test_a_program_below_tmp_is_that_of_the_machine(tmp_path: Path) -> None:
    """And what it is told to write there is its own."""
    tree = tmp_path / "tree"
    tree.mkdir()
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        program = Path(folder) / "write"
        program.write_text('#!/bin/sh\necho written > "$1"\n')
        program.chmod(0o755)
        step = Step((str(program), "/tmp/note"), {"PATH": os.defpath}, 60.0)
        kept = await BareKeeper(tree).run([step], Limits(), wanted={"/tmp/note": 100})
    assert kept.ran[-1].code == 0, kept.ran[-1].text
    assert not os.path.lexists("/tmp/note")  # noqa: ASYNC240
    assert kept.files["/tmp/note"] == b"written\n"
