"""What the last build would have source files become, and where its hunks are by now in the text that is edited."""

from collections.abc import Callable, Iterable, Iterator

from attrs import define, field
from lsprotocol import types

from lsp_aid.domain.build_status import BuildStatus
from lsp_aid.domain.ports import View
from lsp_aid.domain.proposal import Proposal
from lsp_aid.domain.text import Range
from lsp_aid.server import to_lsp
from lsp_aid.server.parts import Part, Parts
from lsp_aid.server.proposals import Offered
from lsp_aid.tasks.promote import promotions
from lsp_aid.workspace.documents import Document, Edited


@define(eq=False)
class Promoting:
    """Of one project, by file."""

    _parts: dict[str, Parts] = field(factory=dict)

    def renew(self, status: BuildStatus, offer: Callable[[Proposal], Offered], now: View) -> None:
        """Takes what a build offers in the place of what was offered before. `now`: the texts as they are."""
        self.clear()
        for proposal in promotions(status):
            (path,) = proposal.changes.paths
            self._parts[path] = Parts.of(offer(proposal), now, path)

    @property
    def paths(self) -> tuple[str, ...]:
        return tuple(self._parts)

    def clear(self) -> None:
        self._parts = {}

    def at(self, path: str) -> Parts | None:
        """What of a file is still to be promoted."""
        parts = self._parts.get(path)
        return parts if parts and parts.live else None

    def edited(self, path: str, document: Document, edits: Iterable[Edited]) -> None:
        if parts := self._parts.get(path):
            parts.edited(path, document, list(edits))

    def settle(self, path: str, text: str | None) -> None:
        if parts := self._parts.get(path):
            parts.settle(path, text)

    def shown(self, path: str) -> list[types.Diagnostic]:
        """The hunks of a file, each with its diff at its lines."""
        return [to_lsp.waiting(part.hunk.diff, place, "To be promoted:") for part, place in self._placed(path)]

    def _placed(self, path: str) -> Iterator[tuple[Part, Range]]:
        parts = self.at(path)
        for part in parts.live if parts else ():
            if part.range:
                yield part, part.range
