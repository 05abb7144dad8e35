"""What a family of repairs is given, and what it answers."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Protocol

from attrs import field, frozen

from lsp_aid.domain.build import BuildResult
from lsp_aid.domain.changes import ChangeSet, FileChange
from lsp_aid.domain.diagnostics import Diagnostic
from lsp_aid.domain.ports import Typing, View
from lsp_aid.domain.proposal import Kind
from lsp_aid.domain.text import SourceText, TextEdit, apply_text_edits
from lsp_aid.repair.punned import written_out


@frozen
class Candidate:
    """A change that may repair one error. Nothing about it is known to hold until it is built.

    `title` fits on one line and says what is done: ``Replace `lenght` by `length` ``. `weight`, from 0 to 1, is how
    likely the user means it, before it is checked; among those whose builds are green the heavier is offered first.
    """

    title: str
    changes: ChangeSet
    weight: float
    kind: Kind = Kind.FIX
    cures_file: bool = False
    """Whether no error is left in the error's file with it, as the type checker says."""


@frozen
class Problem:
    """One error, in the view in which it arises.

    `probe` builds the view with changes made to it, as an oracle: to have the compiler print a type, say. It costs a
    build, and answers None once the budget is spent or where nothing can be built.
    """

    view: View
    diagnostic: Diagnostic
    errors: Sequence[Diagnostic]  # all errors and warnings of that build, this one included
    probe: Callable[[ChangeSet], Awaitable[BuildResult | None]]
    typing: Typing | None = None  # None where modules cannot be typed by themselves
    said: dict[str, str] = field(init=False, factory=dict, eq=False, repr=False)
    """What was worked out about the problem as a whole: many families ask the same."""

    @property
    def source(self) -> SourceText:
        """The text of the file that the error is in."""
        return SourceText(self.view.read(self.diagnostic.path))

    @property
    def start(self) -> int:
        return self.source.offset(self.diagnostic.range.start)

    @property
    def end(self) -> int:
        return self.source.offset(self.diagnostic.range.end)

    def edit(self, *edits: TextEdit, path: str | None = None) -> ChangeSet:
        """The change that makes these edits to a file; to the file of the error where none is named.

        A punned name whose value they change is written out, `{ x }` as `{ x = f x }`.
        """
        path = path or self.diagnostic.path
        before = self.view.read(path)
        made = written_out(before, path, edits)
        return ChangeSet.of([FileChange(path, before, apply_text_edits(before, made))])

    def edit_each(self, edits: Mapping[str, Sequence[TextEdit]]) -> ChangeSet:
        """The change that makes these edits to several files, by their paths."""
        return ChangeSet.of(file for path, some in edits.items() if some for file in self.edit(*some, path=path).files)


class Family(Protocol):
    """A module in this folder: one family of errors."""

    async def candidates(self, problem: Problem) -> Sequence[Candidate]:
        """The ways to repair the problem, none where it is not of this family. A file that cannot be read is no excuse
        to raise: it has no candidates."""
