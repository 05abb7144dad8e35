"""What a model wrote and a person should look at is applied after a word of theirs, and not before."""

import os
import pty
import subprocess
import sys

import pytest

from lsp_aid.cli.consent import refused_because
from lsp_aid.config import EditSettings
from lsp_aid.domain.changes import ChangeSet, FileChange
from lsp_aid.domain.proposal import Kind, Level, Proposal, Verdict

SETTINGS = EditSettings(confirm_lines=3)


def proposal(path: str, lines: int, source: str = "model:scripted") -> Proposal:
    changes = ChangeSet([FileChange(path, None, "x\n" * lines)])
    return Proposal("1", "generate_diff", "Do it", changes, Verdict(Level.VERIFIED), source, Kind.CHANGE)


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (proposal("a.ml", 3), ""),
        (proposal("a.ml", 4), "changes 4 lines, more than 3"),
        (proposal("dune", 1), "dune is changed: it says what a build runs"),
        (proposal("dune", 9, "engine:missing_library"), ""),
    ],
)
def test_a_script_needs_the_flag(made: Proposal, words: str) -> None:
    reason = refused_because(made, SETTINGS, yes=False, ask=False)
    assert bool(reason) == bool(words)
    assert words in reason
    assert refused_because(made, SETTINGS, yes=True, ask=False) == ""


ASK = """
from tests.cli.test_consent import SETTINGS, proposal, refused_because
print("applied" if not refused_because(proposal("dune", 9), SETTINGS, yes=False, ask=True) else "left", flush=True)
"""


@pytest.mark.parametrize(
    ("typed", "outcome"), [("y\n", "applied"), ("yes\n", "applied"), ("\n", "left"), ("n\n", "left")]
)
def test_on_a_terminal_the_person_is_asked(typed: str, outcome: str) -> None:
    ours, theirs = pty.openpty()
    try:
        os.write(ours, typed.encode())
        done = subprocess.run(
            [sys.executable, "-c", ASK], stdin=theirs, stderr=theirs, stdout=subprocess.PIPE, text=True, timeout=60
        )
        assert done.stdout.strip() == outcome
        assert b"Apply it? [y/N]" in os.read(ours, 4096)
    finally:
        os.close(ours)
        os.close(theirs)
