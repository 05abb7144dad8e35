"""The proposals that were offered, and whether they still hold."""

import asyncio
from collections.abc import Iterable, Mapping

from attrs import define, field, frozen

from lsp_aid.domain.events import Happening
from lsp_aid.domain.ports import View
from lsp_aid.domain.proposal import Kind, Level, Proposal
from lsp_aid.edits.limits import Confirmation, confirmations
from lsp_aid.errors import FileUnreadableError, StaleError, UsageError
from lsp_aid.server.capabilities import ClientFeatures
from lsp_aid.tasks.happenings import note
from lsp_aid.tasks.project import Project

_KEPT = 100  # each holds the texts of its view


@frozen
class Offered:
    """A proposal, with the view that it was computed from and the project that it is for. `is_kept`: it was made by a
    server before this one, so that what its verdict says was true then."""

    proposal: Proposal
    view: View
    project: Project
    is_kept: bool = False

    def emit(self, happening: Happening) -> None:
        """Notes what became of it."""
        note(self.project, self.proposal, happening)

    @property
    def confirmations(self) -> tuple[Confirmation, ...]:
        """What a person should agree to before it is applied."""
        return confirmations(self.proposal.changes, self.project.settings.edits)

    def needs_consent(self, can: ClientFeatures) -> bool:
        """Whether to ask the user before it is applied: it is not verified, or a model wrote something that a person
        should agree to, and the client does not ask by itself. Who promotes has seen what."""
        if self.proposal.kind is Kind.PROMOTION:
            return False
        if self.proposal.verdict.level is not Level.VERIFIED:
            return True
        return self.proposal.source.startswith("model:") and not can.annotations and bool(self.confirmations)

    @property
    def is_verified_fix(self) -> bool:
        return self.proposal.verdict.level is Level.VERIFIED and self.proposal.kind is Kind.FIX


@define
class Proposals:
    _offered: dict[str, Offered] = field(factory=dict)
    _seen: set[str] = field(factory=set)

    def add(
        self, proposals: Iterable[Proposal], view: View, project: Project, *, is_kept: bool = False
    ) -> list[Offered]:
        """Remembers proposals; the oldest are forgotten."""
        added = [self._offered.setdefault(p.id, Offered(p, view, project, is_kept)) for p in proposals]
        while len(self._offered) > _KEPT:
            oldest = next(iter(self._offered))
            del self._offered[oldest]
            self._seen.discard(oldest)
        return added

    def seen(self, proposals: Iterable[Proposal]) -> None:
        """Takes note that the user is shown proposals: from then on they are offered."""
        for proposal in proposals:
            offered = self._offered.get(proposal.id)
            if offered and not offered.is_kept and proposal.id not in self._seen:
                self._seen.add(proposal.id)
                offered.emit(Happening.OFFERED)

    def get(self, identifier: str) -> Offered:
        """Raises UsageError for a proposal that is not known, or no longer."""
        if (found := self.find(identifier)) is None:
            raise UsageError(f"There is no proposal {identifier}", "Ask again.")
        return found

    def find(self, identifier: str) -> Offered | None:
        return self._offered.get(identifier)


async def check_fresh(offered: Offered, now: View) -> None:
    """Raises StaleError where a text is no longer what the proposal was computed from: any open document, or any file
    that it changes. `now` is a view made this moment."""
    stale = await asyncio.to_thread(_stale, offered, now)
    if stale:
        raise StaleError(f"{stale} has changed since the proposal was made", "Ask again.")


def _stale(offered: Offered, now: View) -> str | None:
    then = offered.view
    for path in sorted({*then.open_texts, *now.open_texts}):
        if text_of(now, path) != text_of(then, path):
            return path
    before: Mapping[str, str | None] = {change.path: change.before for change in offered.proposal.changes.files}
    return next((path for path, text in before.items() if text_of(now, path) != text), None)


def text_of(view: View, path: str) -> str | None:
    """The text; None for a file that is not there or cannot be read."""
    try:
        return view.read(path) if view.exists(path) else None
    except FileUnreadableError:
        return None
