"""The texts are those that OCaml 4.14, 5.1 and 5.3 and dune 3.17 print."""
# ruff: noqa: E501, ISC004 - long texts, as they are printed

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp_aid.domain.diagnostics import Diagnostic, Related, Severity
from lsp_aid.domain.text import Position, Range
from lsp_aid.ocaml.messages import (
    BrokenRule,
    ConstructorArity,
    DependencyCycle,
    LabelMismatch,
    LabelsOmitted,
    LibraryNotFound,
    Message,
    Mismatch,
    MissingCases,
    NotAFunction,
    NotARecord,
    NotProvided,
    Other,
    PartialApplication,
    RedundantCase,
    SignatureMismatch,
    SyntaxProblem,
    TooManyArguments,
    TypeClash,
    UnboundFieldsInPattern,
    UnboundName,
    UndefinedFields,
    UnusedName,
    UnusedOpen,
    UnusedRec,
    WrongLabel,
    read,
)


def at(line: int, start: int, end: int) -> Range:
    return Range(Position(line, start), Position(line, end))


def said(text: str, code: str | None = None, source: str = "ocaml", related: tuple[Related, ...] = ()) -> Message:
    return read(Diagnostic("a.ml", at(0, 0, 1), Severity.ERROR, text, source, code, None, related))


ERRORS = {
    'Unbound value "List.lenght"\nHint: Did you mean "length"?': UnboundName("value", "List.lenght", ("length",)),
    "Unbound value List.lenght\nHint: Did you mean length?": UnboundName("value", "List.lenght", ("length",)),
    "Unbound value lenght": UnboundName("value", "lenght"),
    'Unbound value "fact"\nHint: If this is a recursive definition,\nyou should add the "rec" keyword on line 1': UnboundName(
        "value", "fact", rec_line=1
    ),
    "Unbound value fact\nHint: If this is a recursive definition,\nyou should add the 'rec' keyword on line 12": UnboundName(
        "value", "fact", rec_line=12
    ),
    'Unbound value "iterr"\nHint: Did you mean "iter", "iter2" or "iteri"?': UnboundName(
        "value", "iterr", ("iter", "iter2", "iteri")
    ),
    "Unbound value iterr\nHint: Did you mean iter, iter2 or iteri?": UnboundName(
        "value", "iterr", ("iter", "iter2", "iteri")
    ),
    'Unbound value "(|>>)"\nHint: Did you mean "|>"?': UnboundName("value", "|>>", ("|>",)),
    'Unbound module "Strnig"\nHint: Did you mean "String"?': UnboundName("module", "Strnig", ("String",)),
    'Unbound module "String.Foo"': UnboundName("module", "String.Foo"),
    'Unbound module type "Lst"': UnboundName("module type", "Lst"),
    'Unbound constructor "Redd"\nHint: Did you mean "Red"?': UnboundName("constructor", "Redd", ("Red",)),
    "Unbound record field nmae\nHint: Did you mean name?": UnboundName("record field", "nmae", ("name",)),
    'Unbound type constructor "strng"\nHint: Did you mean "string"?': UnboundName(
        "type constructor", "strng", ("string",)
    ),
    'This variant pattern is expected to have type "t"\n       There is no constructor "Redd" within type "t"\n'
    'Hint: Did you mean "Red"?': UnboundName("constructor", "Redd", ("Red",), of_type="t"),
    "This variant expression is expected to have type t\n       There is no constructor Redd within type t\n"
    "Hint: Did you mean Red?": UnboundName("constructor", "Redd", ("Red",), of_type="t"),
    'This expression has type "r" There is no field "nme" within type "r"\nHint: Did you mean "name"?': UnboundName(
        "record field", "nme", ("name",), of_type="r"
    ),
    'This expression has type "c"\n       It has no method "n"': UnboundName("method", "n", of_type="c"),
    'The constant "2.0" has type "float" but an expression was expected of type\n         "int"': TypeClash(
        "float", "int", "constant", "2.0"
    ),
    "This expression has type float but an expression was expected of type\n         int": TypeClash("float", "int"),
    'The constant "1" has type "int" but an expression was expected of type\n         "float"\n'
    '  Hint: Did you mean "1."?': TypeClash("int", "float", "constant", "1", did_you_mean="1."),
    "This expression has type int but an expression was expected of type\n         float\n"
    "  Hint: Did you mean `1.'?": TypeClash("int", "float", did_you_mean="1."),
    'The value "f" has type "unit -> unit"\n       but an expression was expected of type "unit"\n'
    "       because it is in the left-hand side of a sequence\n"
    '       Hint: Did you forget to provide "()" as argument?': TypeClash(
        "unit -> unit",
        "unit",
        "value",
        "f",
        because="it is in the left-hand side of a sequence",
        forgot_unit=True,
    ),
    "This expression has type unit -> unit\n       but an expression was expected of type unit\n"
    "       because it is in the left-hand side of a sequence": TypeClash(
        "unit -> unit", "unit", because="it is in the left-hand side of a sequence"
    ),
    'This expression has type "int -> unit"\n       but an expression was expected of type "unit"\n'
    "  Hint: This function application is partial,\n  maybe some arguments are missing.": TypeClash(
        "int -> unit",
        "unit",
        partial=True,
    ),
    'This pattern matches values of type "\'a * \'b"\n       but a pattern was expected which matches values of type '
    '"int"': TypeClash("'a * 'b", "int", "pattern"),
    'This pattern should not be a constructor, the expected type is\n       "unit -> int option"': TypeClash(
        "", "unit -> int option", "pattern", "constructor"
    ),
    'This expression should not be a unit literal, the expected type is "int"': TypeClash(
        "unit", "int", "expression", "unit literal"
    ),
    'This expression has type "unit -> t" which is not a record type.': NotARecord("unit -> t"),
    "This expression has type Foo.t but an expression was expected of type Bar.t\n"
    "Type int is not compatible with type string": TypeClash(
        "Foo.t", "Bar.t", explanation="Type int is not compatible with type string"
    ),
    'The function "f" has type int -> int\n       It is applied to too many arguments': TooManyArguments(
        "int -> int", "f"
    ),
    "This function has type int -> int\n       It is applied to too many arguments; maybe you forgot a `;'.": (
        TooManyArguments("int -> int", forgot_semicolon=True)
    ),
    'This expression has type "unit"\n       This is not a function; it cannot be applied.': NotAFunction("unit"),
    'The function applied to this argument has type name:string -> string\nThis argument cannot be applied with label "~nam"': (
        WrongLabel("name:string -> string", "nam")
    ),
    "The function applied to this argument has type name:string -> string\n"
    "This argument cannot be applied with label ~nam": WrongLabel("name:string -> string", "nam"),
    "The function applied to this argument has type a:int -> int\nThis argument cannot be applied without label": (
        WrongLabel("a:int -> int", None)
    ),
    'This function should have type "a:int -> int -> \'a"\n       but its first argument is labeled "~b" instead of "~a"': (
        LabelMismatch("a:int -> int -> 'a", "b", "a")
    ),
    "This function should have type \"'a -> 'b\"\n       but its first argument is labeled \"~name\" instead of being unlabeled": (
        LabelMismatch("'a -> 'b", "name", None)
    ),
    'Some record fields are undefined: "age" "name"': UndefinedFields(("age", "name")),
    "Some record fields are undefined: age name": UndefinedFields(("age", "name")),
    'The constructor "A" expects 2 argument(s),\n       but is applied here to 1 argument(s)': ConstructorArity("A", 2, 1),
    "The constructor A expects 0 argument(s),\n       but is applied here to 1 argument(s)": ConstructorArity("A", 0, 1),
    "Syntax error": SyntaxProblem(),
    'Syntax error: ")" expected': SyntaxProblem(")", text='Syntax error: ")" expected'),
    "Syntax error: ')' expected": SyntaxProblem(")", text="Syntax error: ')' expected"),
    "String literal not terminated": SyntaxProblem(text="String literal not terminated"),
    'This kind of expression is not allowed as right-hand side of "let rec"': BrokenRule("let-rec-right"),
    "Nothing that any compiler says": Other("Nothing that any compiler says"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "meaning"), ERRORS.items(), ids=[text[:40] for text in ERRORS])
def test_errors(text: str, meaning: Message) -> None:
    assert said(text) == meaning


WARNINGS = {
    (5, "this function application is partial,\nmaybe some arguments are missing."): PartialApplication(),
    (6, "label name was omitted in the application of this function."): LabelsOmitted(("name",)),
    (6, "labels x, y were omitted in the application of this function."): LabelsOmitted(("x", "y")),
    (8, "this pattern-matching is not exhaustive.\nHere is an example of a case that is not matched:\n(C|B _)"): (
        MissingCases(("C", "B _"))
    ),
    (8, 'this pattern-matching is not exhaustive.\nHere is an example of a case that is not matched:\n(Some "|", true)'): (
        MissingCases(('(Some "|", true)',))
    ),
    (8, "this pattern-matching is not exhaustive.\nAll clauses in this pattern-matching are guarded."): (
        MissingCases((), guarded=True)
    ),
    (
        8,
        "this pattern-matching is not exhaustive.\nHere is an example of a case that is not matched:\nNone\n"
        "(However, some guarded clause may match this value.)",
    ): MissingCases(("None",), guarded=True),
    (
        8,
        "this pattern-matching is not exhaustive.\nHere is an example of a case that is not matched:\n*extension*\n"
        "Matching over values of extensible variant types (the *extension* above)\n"
        "must include a wild card pattern in order to be exhaustive.",
    ): MissingCases(("*extension*",), extensible=True),
    (
        9,
        "the following labels are not bound in this record pattern:\ny\n"
        "Either bind these labels explicitly or add '; _' to the pattern.",
    ): UnboundFieldsInPattern(("y",)),
    (11, "this match case is unused."): RedundantCase(),
    (12, "this sub-pattern is unused."): RedundantCase(),
    (26, "unused variable y."): UnusedName(26, "variable", "y"),
    (27, "unused variable z."): UnusedName(27, "variable", "z"),
    (32, "unused value f'."): UnusedName(32, "value", "f'"),
    (33, "unused open Stdlib.List."): UnusedOpen("Stdlib.List"),
    (33, 'unused open "Stdlib.List".'): UnusedOpen("Stdlib.List"),
    (34, "unused type tt."): UnusedName(34, "type", "tt"),
    (35, "unused for-loop index i."): UnusedName(35, "for-loop index", "i"),
    (37, "unused constructor AA."): UnusedName(37, "constructor", "AA"),
    (37, "constructor A is never used to build values.\n(However, this constructor appears in patterns.)"): UnusedName(
        37, "constructor", "A", "never used to build values"
    ),
    (38, "unused exception Exx"): UnusedName(38, "exception", "Exx"),
    (39, "unused rec flag."): UnusedRec(),
    (60, "unused module M."): UnusedName(60, "module", "M"),
    (66, "unused open! Stdlib.List."): UnusedOpen("Stdlib.List"),
    (69, "unused record field q."): UnusedName(69, "record field", "q"),
    (69, "record field q is never read.\n(However, this field is used to build or mutate values.)"): UnusedName(
        69, "record field", "q", "never read"
    ),
    (69, "mutable record field q is never mutated."): UnusedName(69, "record field", "q", "never mutated"),
}  # fmt: skip


@pytest.mark.parametrize("code", ["warning {} [some-name]", "warning {}"])
@pytest.mark.parametrize(("warning", "meaning"), WARNINGS.items(), ids=[f"{n}-{text[:30]}" for n, text in WARNINGS])
def test_warnings(warning: tuple[int, str], meaning: Message, code: str) -> None:
    number, text = warning
    assert said(text, code.format(number)) == meaning


def test_a_name_is_apart_from_its_module() -> None:
    name = UnboundName("value", "Words.Text.lenght")
    assert (name.qualifier, name.name) == ("Words.Text", "lenght")
    operator = UnboundName("value", "|.|")
    assert (operator.qualifier, operator.name) == ("", "|.|")


def test_places_of_arguments_and_brackets_come_from_the_related_messages() -> None:
    extra = Related("a.ml", at(1, 12, 13), "This extra argument is not expected.")
    forgot = Related("a.ml", at(1, 10, 12), "Hint: Did you forget a ';'?")
    text = 'The function "f" has type int -> int\n       It is applied to too many arguments'
    assert said(text, related=(forgot, extra)) == TooManyArguments("int -> int", "f", (at(1, 12, 13),), True)
    opening = Related("a.ml", at(0, 10, 11), 'This "(" might be unmatched')
    assert said('Syntax error: ")" expected', related=(opening,)) == SyntaxProblem(
        ")", at(0, 10, 11), 'Syntax error: ")" expected'
    )


def expected(line: int) -> Related:
    return Related("y.mli", at(line, 0, 11), "Expected declaration")


def actual(line: int) -> Related:
    return Related("y.ml", at(line, 4, 5), "Actual declaration")


@pytest.mark.parametrize("quotes", [('"', '"'), ("`", "'"), ("", "")])
def test_what_an_interface_asks_for(quotes: tuple[str, str]) -> None:
    opening, closing = quotes
    text = (
        f"The implementation {opening}lib/y.ml{closing} does not match the interface {opening}lib/y.mli{closing}: \n"
        f"       The value {opening}g{closing} is required but not provided\n"
        f"       The exception {opening}E{closing} is required but not provided\n"
        f"       In module {opening}M{closing}:\n"
        f"       The module type {opening}S{closing} is required but not provided\n"
    )
    message = said(text, related=(expected(1), expected(3)))
    assert message == SignatureMismatch(
        (
            NotProvided("value", "g", (), expected(1)),
            NotProvided("exception", "E"),
            NotProvided("module type", "S", ("M",), expected(3)),
        ),
        "lib/y.ml",
        "lib/y.mli",
    )


def test_values_and_types_that_do_not_match() -> None:
    text = """The implementation "lib/y.ml" does not match the interface "lib/y.mli":
       Values do not match:
         val f : string
       is not included in
         val f : string -> int
       The type "string" is not compatible with the type "string -> int"
       Type declarations do not match:
         type t = A of int | B | D
       is not included in
         type t = A | B | C
       1. Constructors do not match:
         "A of int"
       is not the same as:
         "A"
       They have different arities.
       3. An extra constructor, "D", is provided in the first declaration.
       4. A constructor, "C", is missing in the first declaration."""
    message = said(text, related=(expected(0), actual(0), expected(1), actual(2)))
    assert isinstance(message, SignatureMismatch)
    value, type_ = message.entries
    assert isinstance(value, Mismatch)
    assert isinstance(type_, Mismatch)
    assert (value.sort, value.name, value.given, value.wanted) == (
        "value",
        "f",
        "val f : string",
        "val f : string -> int",
    )
    assert value.reasons == 'The type "string" is not compatible with the type "string -> int"'
    assert (value.expected_at, value.actual_at) == (expected(0), actual(0))
    assert (type_.sort, type_.name, type_.wanted) == ("type declaration", "t", "type t = A | B | C")
    assert (type_.missing, type_.extra) == (("C",), ("D",))
    assert (type_.expected_at, type_.actual_at) == (expected(1), actual(2))


def test_messages_of_dune() -> None:
    text = 'Library "aa" not found.\n-> required by _build/default/bin/main.exe\n-> required by alias default'
    assert said(text, source="dune") == LibraryNotFound("aa")
    hidden = "Library \"aa\" in _build/default/aa is hidden (unsatisfied 'enabled_if')."
    assert said(hidden, source="dune") == LibraryNotFound("aa", True, "unsatisfied 'enabled_if'")
    cycle = "Dependency cycle between:\n   _build/default/a.all-deps\n-> _build/default/b.all-deps\n-> required by alias all"
    assert said(cycle, source="dune") == DependencyCycle(("_build/default/a.all-deps", "_build/default/b.all-deps"))


@given(st.text(), st.sampled_from([None, "warning 8", "warning 33 [unused-open]", "warning 99999999999", "alert x"]))
def test_no_text_is_too_strange(text: str, code: str | None) -> None:
    said(text, code)


@given(st.sampled_from(sorted(ERRORS)), st.randoms(use_true_random=False))
def test_line_breaks_do_not_matter(text: str, random: "object") -> None:
    words = text.split()
    wrapped = " ".join(words)
    assert said(wrapped) == said("\n       ".join(words))


def test_fatal_pattern_sizes_are_read_in_no_time() -> None:
    said("The value " + "a " * 20_000 + "has type")
    said("This expression has type " + "(int -> " * 5_000)


def test_a_message_that_no_compiler_writes_is_not_searched_for_shapes() -> None:
    repeated = "The function applied to this argument has type\n  x:int -> int\nThis argument cannot be applied "
    text = repeated * (1_000_000 // len(repeated))
    assert isinstance(said(text), Other)
    assert isinstance(said(text, "warning 8"), Other)
