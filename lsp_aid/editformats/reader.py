"""What a reader of one format is: it takes a reply line by line, and knows an edit as soon as its block is complete."""

from typing import ClassVar

from attrs import define, field

from lsp_aid.domain.reply import Blocks, FileEdit, Reply
from lsp_aid.editformats.markup import without_empty_fences
from lsp_aid.errors import NotTextError, ReplyFormatError


@define
class Reader:
    """A reader in the middle of a reply. Subclasses say what a line means.

    `edits` are those that are complete, one block each; `problem` is the first thing that cannot be read for certain:
    reading goes on, since only the end of the reply tells whether it was in this format at all. `is_recognised`: the
    reply has something of this format.
    """

    NAME: ClassVar[str]
    INSTRUCTIONS: ClassVar[str]

    is_recognised: bool = False
    problem: ReplyFormatError | NotTextError | None = None
    edits: list[FileEdit] = field(factory=list)
    prose: list[str] = field(factory=list)

    def line(self, line: str) -> None:
        """The next line, without its end."""
        raise NotImplementedError

    def end(self) -> None:
        """There are no more lines."""
        raise NotImplementedError

    def fail(self, what: str, cure: str) -> None:
        self.problem = self.problem or ReplyFormatError(what, cure)

    def reply(self) -> Reply:
        """The whole reply, after `end`. Raises ReplyFormatError, NotTextError."""
        if self.problem:
            raise self.problem
        return Reply("\n".join(without_empty_fences(self.prose)).strip(), merged(self.edits))


def merged(edits: list[FileEdit]) -> tuple[FileEdit, ...]:
    """The edits of each file as one, in the order in which files are first named; what is said twice once.

    Raises ReplyFormatError where a file is named more than once in ways that do not go together.
    """
    by_path: dict[str, dict[FileEdit, None]] = {}
    for edit in edits:
        by_path.setdefault(edit.path, {})[edit] = None
    together: list[FileEdit] = []
    for path, of_file in by_path.items():
        if len(of_file) == 1:
            together += of_file
            continue
        blocks = [block for edit in of_file if isinstance(edit, Blocks) for block in edit.blocks]
        if not all(isinstance(edit, Blocks) for edit in of_file) or not all(block.search for block in blocks):
            raise ReplyFormatError(
                f"The reply names {path} more than once, in ways that do not go together",
                "Put all changes of a file together, and write a file that is new or whole once.",
            )
        told = [edit.executable for edit in of_file if isinstance(edit, Blocks) and edit.executable is not None]
        origin = next((edit.origin for edit in of_file if isinstance(edit, Blocks)), None)
        together.append(Blocks(path, tuple(dict.fromkeys(blocks)), told[-1] if told else None, origin))
    return tuple(together)
