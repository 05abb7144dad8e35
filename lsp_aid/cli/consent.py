"""What a person has to agree to before a proposal is applied."""

import sys
from collections.abc import Sequence

from lsp_aid.config import EditSettings
from lsp_aid.domain.proposal import Proposal
from lsp_aid.edits.limits import Confirmation, confirmations


def refused_because(proposal: Proposal, settings: EditSettings, *, yes: bool, ask: bool) -> str:
    """Why a proposal is not applied without a person's word; empty where it may be. `yes`: the word is given already.
    `ask`: on a terminal the person is asked. What the embedded engine proposes needs none."""
    needed = () if yes or not proposal.source.startswith("model:") else confirmations(proposal.changes, settings)
    if not needed or (ask and _agreed(needed)):
        return ""
    return f"It was not applied, because {_listed(needed)}. Look at it, and apply it with --yes."


def _agreed(needed: Sequence[Confirmation]) -> bool:
    if not (sys.stdin and sys.stdin.isatty() and sys.stderr.isatty()):
        return False
    sys.stderr.write(f"\r\x1b[KLook at this: {_listed(needed)}. Apply it? [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().casefold() in ("y", "yes")


def _listed(needed: Sequence[Confirmation]) -> str:
    return "; ".join(f"{note.path} is changed: {note.reason}" if note.path else note.reason for note in needed)
