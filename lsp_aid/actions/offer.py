"""What an action is told, and what it offers. Nothing here knows the Language Server Protocol."""

from attrs import frozen

from lsp_aid.domain.diagnostics import Diagnostic
from lsp_aid.domain.journal import Entry
from lsp_aid.domain.ports import View
from lsp_aid.domain.proposal import Proposal
from lsp_aid.domain.text import Range

QUICKFIX = "quickfix"
REWRITE = "refactor.rewrite"
FIX_ALL = "source.fixAll.lsp-aid"
EXPLAIN = "lsp-aid.explain"


@frozen
class WaitingHunk:
    """`range` is the lines that it replaces as they are now, None for a file that is created or deleted."""

    id: str
    path: str
    range: Range | None


@frozen
class Waiting:
    """A proposal that waits to be taken. `origin`: the document that it was asked for in."""

    proposal: str
    hunks: tuple[WaitingHunk, ...]
    origin: str = ""


@frozen
class Promotable:
    """What the build would have the document become. `is_said_here`: dune says so at the range."""

    hunks: tuple[WaitingHunk, ...]
    is_said_here: bool = False


@frozen
class Context:
    """Where the user asks for actions. `range` is the cursor or what is selected.

    `errors`: the places of the errors at `range`; where all of the file is asked for, those of the file.
    `messages`: what is said of `range`, warnings included, the errors first.
    `fixes`: the repairs of the errors, best first; None while they are not known.
    `trusted`: whether the project may be built. `model`: the configured model's name, empty where there is none.
    `waiting`: the proposal that waits to be taken by hunk. `hunks`: how many the best of `fixes` has, 0 where that does
    not matter. `undoable`: what was applied last, where it is in this file as it was left.
    `promotable`: what the build would have the document become, if another.
    """

    view: View
    path: str
    range: Range
    errors: tuple[Range, ...] = ()
    fixes: tuple[Proposal, ...] | None = None
    trusted: bool = True
    model: str = ""
    waiting: Waiting | None = None
    hunks: int = 0
    undoable: Entry | None = None
    promotable: Promotable | None = None
    messages: tuple[Diagnostic, ...] = ()


@frozen
class ApplyProposal:
    proposal: Proposal


@frozen
class StartFix:
    """Start the task "fix the build error"; `ask_model`: with the model."""

    ask_model: bool = False


@frozen
class StartDiff:
    """Start the task "generate a diff" with the prompt of the comment at `range`, which the diff removes."""

    prompt: str
    range: Range


@frozen
class OfferHunks:
    """Have the proposal wait to be taken by hunk."""

    proposal: Proposal


@frozen
class TakeHunks:
    """Take hunks of a proposal that waits, or all hunks of files; the whole where none is named."""

    proposal: str
    hunks: tuple[str, ...] = ()
    files: tuple[str, ...] = ()


@frozen
class Discard:
    """Turn down a proposal that waits."""

    proposal: str


@frozen
class Promote:
    """Promote hunks of the document; all where none is named."""

    hunks: tuple[str, ...] = ()


@frozen
class UndoLast:
    """Take back what the journal has under `entry`."""

    entry: str


@frozen
class Explain:
    """Show what messages mean."""

    messages: tuple[Diagnostic, ...]


@frozen
class GiveTrust:
    """Trust the project's folder."""


Deed = (
    ApplyProposal | StartFix | StartDiff | OfferHunks | TakeHunks | Discard | Promote | UndoLast | Explain | GiveTrust
)
"""What an offer does when it is taken."""


@frozen
class Offer:
    """One line in the editor's list of actions. `for_errors`: it answers the errors of the context."""

    title: str
    kind: str
    does: Deed
    preferred: bool = False
    for_errors: bool = False
