"""What the compiler's type checker says about a text that need not be on disk."""

import enum
from pathlib import Path

from attrs import frozen

from lsp_aid.domain.build import BuildResult
from lsp_aid.domain.text import Range


@frozen
class CompilerFlags:
    """What a module is compiled with: `words` as `ocamlc` takes them, `folder` where it would be run, and `unit`, the
    name of the compilation unit (`wrapped__B`), empty where the file's own name is that."""

    words: tuple[str, ...] = ()
    folder: Path = Path("/")
    unit: str = ""

    @property
    def runs_programs(self) -> bool:
        """Whether a preprocessor is run, which is a program of the repository's."""
        return any(word in ("-ppx", "-pp") for word in self.words)


@frozen
class Checked:
    """`build` is what compiling the one module would say. `signature` is what others see of it, where it is green
    and that was asked for, with attributes and alerts: it has no places, so that no other module can turn red while it
    stays the same. `modules` are those that the text names, as `ocamldep` finds them; empty where it does not parse.
    `is_whole`: both were told, so that an empty one means that there is nothing."""

    build: BuildResult
    signature: str = ""
    modules: frozenset[str] = frozenset()
    is_whole: bool = False


@frozen
class Again:
    """A text to be typed where other interfaces count than those that were built; the rest is as for `Typer.check`.
    `provides`: whether its own interface is wanted, which others see."""

    path: str
    text: str
    unit: str
    provides: bool
    interface: str | None = None


@frozen
class TypedAgain:
    """`checked` has no signature. `reads` are the modules whose interfaces were read, its own for an implementation
    with an interface left out: as long as they stay the same, so does all that is said here. `signature` and `file`,
    its .cmi, are what others see, where that was wanted and is not as it was built; else they are empty."""

    checked: Checked
    reads: frozenset[str]
    signature: str = ""
    file: bytes = b""


@frozen
class Variant:
    """Items of a module that stand between two other parts of it. `look_at` is an offset in them, in code points, where
    the type is wanted; -1 for none."""

    text: str
    look_at: int = -1


class Told(enum.Enum):
    """What is wanted to know of an error: nothing, the part that it is in and its start there, or all."""

    NOTHING = "nothing"
    START = "start"
    ALL = "all"


@frozen
class Judgement:
    """What typing says of one variant: `ok`, or its first error.

    `part` is where the error is: 0 before the variant, 1 in it, 2 behind it; `start` and `end` are offsets in that
    part, in code points. `message` is the error's text, as `Diagnostic.message`. `type` is that of the innermost
    expression or pattern at `look_at`, empty where there is none. `signature`, where wanted and `ok`, is what the
    variant and what follows it define.
    """

    ok: bool
    part: int = 1
    start: int = 0
    end: int = 0
    message: str = ""
    type: str = ""
    signature: str = ""


@frozen
class TypedRange:
    """An expression, pattern, type or module, and its type as the compiler prints it."""

    range: Range
    type: str


class NameKind(enum.StrEnum):
    VALUE = "value"
    CONSTRUCTOR = "constructor"
    FIELD = "field"
    TYPE = "type"
    MODULE = "module"
    MODULE_TYPE = "module type"


@frozen
class Name:
    """A name in scope. `type` is that of a value, constructor or field; the declaration of a type; else empty."""

    kind: NameKind
    name: str
    type: str = ""


@frozen
class Scope:
    """Of each kind, the names in scope, the nearest first. `cut`: there are more."""

    names: tuple[Name, ...] = ()
    cut: bool = False
