"""What a model's reply asks for, before it has a place: the same values whichever form the reply had."""

from attrs import frozen


@frozen
class Block:
    """Whole lines to be found, and what they become. Both end in a line feed unless empty.

    An empty `search` is for a file that does not exist yet or is empty. `line`, from 0, is where the reply believes the
    lines to be, and `within` the definition around them: hints that choose between equal places, nothing more.
    """

    search: str
    replace: str
    line: int | None = None
    within: str = ""


@frozen
class Blocks:
    """Changes in a file; with one block whose `search` is empty, a file to be created. All refer to the text before."""

    path: str
    blocks: tuple[Block, ...]


@frozen
class Whole:
    """The whole text that a file is to have, whether it exists or not."""

    path: str
    text: str


@frozen
class Delete:
    """A file to be deleted."""

    path: str


FileEdit = Blocks | Whole | Delete


@frozen
class Reply:
    """`explanation`: what the reply says beside its edits. No edits: the reply is prose alone."""

    explanation: str
    edits: tuple[FileEdit, ...]
