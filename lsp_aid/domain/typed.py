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
    and that was asked for: it has no places, so that no other module can turn red while it stays the same. `modules`
    are those that the text names, as `ocamldep` finds them; empty where it does not parse."""

    build: BuildResult
    signature: str = ""
    modules: frozenset[str] = frozenset()


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
