"""What every task is given."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from attrs import evolve, field, frozen

from lsp_aid.config import Settings
from lsp_aid.domain.changes import ChangeSet
from lsp_aid.domain.journal import Entry, State
from lsp_aid.domain.ports import Build, Evaluator, EventSink, Formatter, Journal, Model, Store, Typing
from lsp_aid.domain.proposal import Proposal


class NoFormatter:
    """Implements the port `Formatter` for a project that has none."""

    async def format(self, path: str, text: str) -> str | None:
        return None


class NoStore:
    """Implements the port `Store` without a memory."""

    def keep(self, proposal: Proposal, *, shown: bool = False) -> None:
        pass

    def find(self, identifier: str) -> Proposal | None:
        return None

    def recent(self) -> Sequence[Proposal]:
        return ()


class NoJournal:
    """Implements the port `Journal` without a memory."""

    def turn(self) -> AbstractContextManager[None]:
        return nullcontext()

    def note(self, changes: ChangeSet, *, proposal: str = "", title: str = "", state: State = State.APPLIED) -> Entry:
        return Entry("", proposal, title, 0.0, "", changes, state)

    def entries(self) -> Sequence[Entry]:
        return ()

    def find(self, identifier: str) -> Entry | None:
        return None

    def set_state(self, entry: Entry, state: State) -> Entry:
        return evolve(entry, state=state)

    def forget(self, entry: Entry) -> None:
        pass


@frozen
class Project:
    """One dune project (or lone file) with its ports. `model` is None where none is configured."""

    root: Path
    settings: Settings
    build: Build
    evaluator: Evaluator
    model: Model | None
    events: EventSink
    close: Callable[[], None] = field(default=lambda: None, eq=False)
    """Frees the folders that the project holds."""
    formatter: Formatter = field(factory=NoFormatter)
    store: Store = field(factory=NoStore)
    journal: Journal = field(factory=NoJournal)
    typing: Typing | None = None
