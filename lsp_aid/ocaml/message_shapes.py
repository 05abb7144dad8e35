"""What a message of the compiler or of dune says, as values. `messages.read` makes them."""

import re

from attrs import frozen

from lsp_aid.domain.diagnostics import Related
from lsp_aid.domain.text import Range

_DECLARED_NAME = re.compile(
    r"^(?:val|external|type|exception|module type|module|class type|class)(?: rec| virtual| nonrec)?"
    r"(?: (?:\([^)]*\)|\[[^\]]*\]|[+\-!]*'\w+))?"
    r" ([\w']+|\( ?(?:(?:let|and)?[^\w\s()]+|mod|l(?:and|or|xor|sl|sr)|asr) ?\))"
)
_PART = r"(?:field|constructor), (?:\"([^\"]+)\"|`([^`]+?)'|([\w']+)), is "
_OLD_PART = r"The (?:field|constructor) ([\w']+) is only present in the "
_MISSING_PART = re.compile(rf"An? {_PART}missing|{_OLD_PART}second")
_EXTRA_PART = re.compile(rf"An? extra {_PART}provided|{_OLD_PART}first")


@frozen
class Other:
    """A message of no known shape; `text` has its white space collapsed."""

    text: str


@frozen
class UnboundName:
    """A name that does not exist. `path` is as written: `List.lenght`; `suggestions` are without the module path.

    `sort` is one of value, module, module type, constructor, record field, type constructor, class, class type, method,
    instance variable, type variable. `rec_line`, from 1, is the line where the compiler proposes the keyword `rec`.
    `of_type` is the type that the constructor, field or method was sought in, where the compiler knew it.
    """

    sort: str
    path: str
    suggestions: tuple[str, ...] = ()
    rec_line: int | None = None
    of_type: str | None = None

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.rpartition(".")[2] if self.path[-1:].isalnum() or self.path[-1:] in "_'" else self.path

    @property
    def qualifier(self) -> str:
        """The path without its last part, and without the dot."""
        return self.path[: -len(self.name) - 1]


@frozen
class TypeClash:
    """Something has another type than its context wants. `found` and `expected` are types, as printed.

    `found` is empty where only a form is told: `This pattern should not be a constructor`; `name` is the form then.
    `what` is expression, value, constant, constructor, pattern, field access, ...; `name` the value or constant that is
    named in the message (from 5.3). `because` says what the context is: `it is in the left-hand side of a sequence`.
    `did_you_mean` is the literal that the compiler proposes (`1.`). `forgot_unit`: it proposes to apply to `()`.
    `partial`: it thinks that arguments are missing. `explanation` is what else it says. `found_as` and `expected_as`
    are what the types stand for, where the message says that: `float` for `money`.
    """

    found: str
    expected: str
    what: str = "expression"
    name: str | None = None
    because: str | None = None
    did_you_mean: str | None = None
    forgot_unit: bool = False
    partial: bool = False
    explanation: str = ""
    found_as: str = ""
    expected_as: str = ""


@frozen
class TooManyArguments:
    """A function of `type` is given more arguments than it takes; `extra` are the places of those (from 5.1)."""

    type: str
    function: str | None = None
    extra: tuple[Range, ...] = ()
    forgot_semicolon: bool = False


@frozen
class NotAFunction:
    """Something of `type`, which is no function, is applied."""

    type: str


@frozen
class NotARecord:
    """A field is taken of something of `type`, which is no record."""

    type: str


@frozen
class PartialApplication:
    """Warning 5: a function is left waiting for arguments where its result is thrown away."""


@frozen
class WrongLabel:
    """An argument's label (`c` of `~c`, None for none) that the function of `type` does not take."""

    type: str
    label: str | None
    optional: bool = False


@frozen
class LabelMismatch:
    """A function whose first argument has the label `given` where one with `wanted` is needed; None is no label."""

    type: str
    given: str | None
    wanted: str | None


@frozen
class LabelsOmitted:
    """Warning 6: a full application that leaves these labels out."""

    labels: tuple[str, ...]


@frozen
class MissingCases:
    """Warning 8. `examples` are patterns not matched, the alternatives of an or-pattern apart: `B _`, `None`.

    `guarded`: a clause with a guard may match it. `extensible`: the type is open, so only `_` can end the matching.
    """

    examples: tuple[str, ...]
    guarded: bool = False
    extensible: bool = False


@frozen
class RedundantCase:
    """Warnings 11 and 12: a case, or a part of one, that is never reached."""


@frozen
class UnusedName:
    """A name that is never used. `sort`: variable, value, type, constructor, record field, for-loop index, module, ...

    `never` tells a weaker claim: `never used to build values`, `never read`, `never mutated`; else it is empty.
    """

    number: int
    sort: str
    name: str
    never: str = ""


@frozen
class UnusedOpen:
    """Warnings 33 and 66: `path` is what was opened, as the compiler resolved it: `Stdlib.List`."""

    path: str


@frozen
class UnusedRec:
    """Warning 39."""


@frozen
class UnboundFieldsInPattern:
    """Warning 9: a record pattern that leaves these fields out without `; _`."""

    fields: tuple[str, ...]


@frozen
class NotProvided:
    """The signature asks for a value, type, module, ... that the implementation does not have.

    `within` are the modules around it, outermost first.
    """

    sort: str
    name: str
    within: tuple[str, ...] = ()
    expected_at: Related | None = None


@frozen
class Mismatch:
    """Two declarations that do not match. `sort` is the compiler's word in the singular: value, type declaration, ...

    `given` and `wanted` are the declarations on one line: `val f : int -> int`. `reasons` are sentences such as
    `A constructor, "C", is missing in the first declaration.`, the quotes as the version writes them.
    """

    sort: str
    given: str
    wanted: str
    reasons: str = ""
    within: tuple[str, ...] = ()
    expected_at: Related | None = None
    actual_at: Related | None = None

    @property
    def name(self) -> str:
        """What both declare; empty where it cannot be told."""
        match = _DECLARED_NAME.search(self.wanted)
        return match[1] if match else ""

    @property
    def missing(self) -> tuple[str, ...]:
        """Constructors or fields that the signature has and the implementation has not."""
        return tuple("".join(found) for found in _MISSING_PART.findall(self.reasons))

    @property
    def extra(self) -> tuple[str, ...]:
        """Constructors or fields that the implementation has and the signature has not."""
        return tuple("".join(found) for found in _EXTRA_PART.findall(self.reasons))


@frozen
class SignatureMismatch:
    """A module that does not fit its signature. The file names are as printed; empty where no file is meant."""

    entries: tuple[NotProvided | Mismatch, ...]
    implementation: str = ""
    interface: str = ""


@frozen
class UndefinedFields:
    """A record expression without these fields."""

    fields: tuple[str, ...]


@frozen
class ConstructorArity:
    constructor: str
    expected: int
    given: int


@frozen
class LibraryNotFound:
    """dune knows no library of this name. `hidden`: it exists, but is not available; `reason` says why."""

    name: str
    hidden: bool = False
    reason: str = ""


@frozen
class Reference:
    """A module that is asked for and not there, and the files of objects or libraries that ask for it."""

    module: str
    objects: tuple[str, ...] = ()


@frozen
class NotLinked:
    """A program cannot be linked: nothing among its files and libraries implements these modules."""

    references: tuple[Reference, ...]


@frozen
class DependencyCycle:
    """dune's cycle; `steps` are the lines of it."""

    steps: tuple[str, ...]


@frozen
class SyntaxProblem:
    """Text that is not OCaml. `expected` is the token that was; `unmatched` the place of an opening one."""

    expected: str | None = None
    unmatched: Range | None = None
    text: str = "Syntax error"


@frozen
class BrokenRule:
    """A rule that the code breaks. `rule` is a key of `message_rules`: `or-pattern-sides`, `dune-unknown-field`, ...

    `names`, `types` and `numbers` are what the message names, each in the message's order; `sort` is its word for what
    it is about: `record field`, `definition`. `rest` is what it says beyond that, its hints included.
    """

    rule: str
    names: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    numbers: tuple[int, ...] = ()
    sort: str = ""
    rest: str = ""
    suggestions: tuple[str, ...] = ()


@frozen
class CompilerWarning:
    """A warning that has no shape of its own. `mnemonic` is its name, empty in versions that print none."""

    number: int
    mnemonic: str = ""
    names: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    sort: str = ""
    text: str = ""


@frozen
class Alert:
    """Something used that its author put an alert on. `subject` is its path, empty where the compiler itself speaks."""

    category: str
    subject: str
    advice: str = ""


@frozen
class ActionFailed:
    """A command of a rule failed, with an exit code or by a signal."""

    exit_code: int | None = None
    signal: str | None = None


@frozen
class Promotion:
    """A file differs from what a test or a rule made: a promotion would settle it."""

    path: str


Message = (
    Other
    | UnboundName
    | TypeClash
    | TooManyArguments
    | NotAFunction
    | NotARecord
    | NotLinked
    | PartialApplication
    | WrongLabel
    | LabelMismatch
    | LabelsOmitted
    | MissingCases
    | RedundantCase
    | UnusedName
    | UnusedOpen
    | UnusedRec
    | UnboundFieldsInPattern
    | SignatureMismatch
    | UndefinedFields
    | ConstructorArity
    | LibraryNotFound
    | DependencyCycle
    | SyntaxProblem
    | BrokenRule
    | CompilerWarning
    | Alert
    | ActionFailed
    | Promotion
)
