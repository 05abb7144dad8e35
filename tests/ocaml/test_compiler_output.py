import subprocess
from pathlib import Path
from textwrap import dedent

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp_aid.domain.diagnostics import Diagnostic, Related, Severity
from lsp_aid.domain.text import Position, Range, SourceText
from lsp_aid.ocaml.compiler_output import parse
from tests.fuzz.targets import at_most


def at(first: int, start: int, last: int, end: int) -> Range:
    return Range(Position(first, start), Position(last, end))


def read_none(_: str) -> str | None:
    return None


def one(output: str, **files: str) -> Diagnostic:
    """The single message of an output. Files are named without their `.ml`."""
    texts = {f"{name}.ml": text for name, text in files.items()}
    (found,) = parse(dedent(output), texts.get)
    return found


def test_an_error_has_its_place_and_its_message_without_head_and_excerpt() -> None:
    found = one("""\
        File "lib/m.ml", line 3, characters 8-19:
        3 | let z = List.lenght []
                    ^^^^^^^^^^^
        Error: Unbound value "List.lenght"
        Hint: Did you mean "length"?
        """)
    assert found == Diagnostic(
        path="lib/m.ml",
        range=at(2, 8, 2, 19),
        severity=Severity.ERROR,
        message='Unbound value "List.lenght"\nHint: Did you mean "length"?',
        hint='Did you mean "length"?',
    )


def test_columns_are_code_points_where_the_text_is_known() -> None:
    output = 'File "a.ml", line 1, characters 19-20:\n1 | let s = "ééé" ^ 1\nError: No\n'
    assert one(output, a='let s = "ééé" ^ 1\n').range == at(0, 16, 0, 17)
    assert one(output).range == at(0, 19, 0, 20)


def test_the_end_of_several_lines_is_counted_from_the_last_line() -> None:
    output = """\
        File "a.ml", lines 1-3, characters 20-11:
        1 | ....................function
        2 |   | "é" ->
        3 |   _ -> "é"
        Warning 8 [partial-match]: this pattern-matching is not exhaustive.
        Here is an example of a case that is not matched:
        "b"

        """
    text = 'let f x = "ééé", function\n  | "é" ->\n  _ -> "é"\n'
    found = one(output, a=text)
    assert SourceText(text).slice(found.range) == 'function\n  | "é" ->\n  _ -> "é"'
    assert found.code == "warning 8 [partial-match]"
    assert found.severity is Severity.WARNING
    assert found.message.endswith('not matched:\n"b"')


def test_older_compilers_count_it_from_the_first_line() -> None:
    text = "let f = match 1 with\n | 2 -> ()\n"
    found = one('File "a.ml", lines 1-2, characters 8-31:\nError: No\n', a=text)
    assert SourceText(text).slice(found.range) == "match 1 with\n | 2 -> ()"


def test_dune_counts_it_from_the_first_line_too() -> None:
    text = "(rule\n (run a b c d e f g))\n"
    (found,) = parse('File "dune", lines 1-2, characters 0-27:\nboom\n', {"dune": text}.get)
    assert SourceText(text).slice(found.range) == "(rule\n (run a b c d e f g))"


def test_a_message_about_a_whole_file_stands_on_its_first_line_and_points_at_the_other() -> None:
    found = one(
        """\
        File "m4.ml", line 1:
        Error: The implementation "m4.ml" does not match the interface "m4.mli":
               The value "y" is required but not provided
               File "m4.mli", line 2, characters 0-11: Expected declaration
        """,
        m4="let x = 1\n",
    )
    assert found.range == at(0, 0, 0, 9)
    assert found.flat_message.endswith('The value "y" is required but not provided')
    assert found.related == (Related("m4.mli", at(1, 0, 1, 11), "Expected declaration"),)


def test_an_indented_message_belongs_to_the_one_before() -> None:
    found = one("""\
        File "m5.ml", line 2, characters 0-3:
        2 | let g = 2
            ^^^
        Error: Syntax error: ")" expected
        File "m5.ml", line 1, characters 18-19:
        1 | let f = (fun x -> (x + 1
                              ^
          This "(" might be unmatched
        """)
    assert found.message == 'Syntax error: ")" expected'
    assert found.related == (Related("m5.ml", at(0, 18, 0, 19), 'This "(" might be unmatched'),)


@pytest.mark.parametrize(
    ("title", "severity", "code"),
    [
        ("Error: m", Severity.ERROR, None),
        ("Error (warning 39 [unused-rec-flag]): m", Severity.ERROR, "warning 39 [unused-rec-flag]"),
        ("Error (warning 39): m", Severity.ERROR, "warning 39"),
        ("Error (alert deprecated): m", Severity.ERROR, "alert deprecated"),
        ("Warning 53 [misplaced-attribute]: m", Severity.WARNING, "warning 53 [misplaced-attribute]"),
        ("Alert deprecated: m", Severity.WARNING, "alert deprecated"),
    ],
)
def test_what_a_message_is(title: str, severity: Severity, code: str | None) -> None:
    found = one(f'File "a.ml", line 1, characters 0-1:\n1 | x\n    ^\n{title}\n')
    assert (found.severity, found.code, found.message) == (severity, code, "m")


def test_warnings_that_are_printed_twice_are_told_once() -> None:
    block = 'File "a.ml", line 1, characters 0-1:\n1 | x\n    ^\nWarning 33 [unused-open]: unused open A.\n\n'
    assert len(parse(block * 2, read_none)) == 1


def test_an_empty_place_has_nothing_underlined() -> None:
    found = one('File "a.ml", line 1, characters 2-2:\n1 | (a\n      \nError: unclosed\n')
    assert (found.path, found.message) == ("a.ml", "unclosed")


def test_an_error_of_dune_keeps_who_requires_it_out_of_the_hint() -> None:
    (found,) = parse(
        'File "dune", line 1, characters 32-36:\n1 | (executable (name c) (libraries nope))\n        ^^^^\n'
        'Error: Library "nope" not found.\nHint: install it\n-> required by _build/default/c.exe\n',
        read_none,
    )
    assert (found.source, found.path, found.hint) == ("dune", "dune", "install it")
    assert found.message.startswith('Library "nope" not found.')
    assert found.message.endswith("-> required by _build/default/c.exe")


def test_an_error_without_a_place_is_of_the_whole_project() -> None:
    (found,) = parse("Error: Dependency cycle between:\n   a\n-> b\n-> a\n", read_none)
    assert (found.path, found.source, found.is_error) == ("", "dune", True)
    assert found.message == "Dependency cycle between:\n   a\n-> b\n-> a"


def test_a_promotion_has_its_diff_as_message() -> None:
    diff = "diff --git a/_build/default/e b/_build/default/o\n--- a\n+++ b\n@@ -1 +1 @@\n-old\n\n+new"
    (found,) = parse(f'File "e", line 1, characters 0-0:\n{diff}\n', read_none)
    assert (found.path, found.source, found.message, found.is_error) == ("e", "dune", diff, True)


def test_what_a_failing_rule_printed_is_an_error_of_its_stanza() -> None:
    (found,) = parse('File "dune", line 2, characters 0-6:\n2 | (rule)\n    ^^^^^^\nhi\n\nyou\n', read_none)
    assert (found.path, found.message, found.source) == ("dune", "hi\n\nyou", "dune")


def test_what_a_program_prints_without_an_end_of_line_hides_no_message() -> None:
    output = (
        '2 tests ran, File "test/dune", line 2, characters 7-11:\n2 | (test (name all))\n           ^^^\n'
        'Fatal error: exception Assert_failure("test/all.ml", 1, 9)\n'
    )
    (found,) = parse(output, lambda _: None)
    assert found.path == "test/dune"
    assert found.range.start == Position(1, 7)
    assert found.message == 'Fatal error: exception Assert_failure("test/all.ml", 1, 9)'


def test_what_a_program_prints_behind_a_message_is_no_part_of_it() -> None:
    """dune runs others at the same time, and prints what they say where it comes."""
    found = one("""\
        File "a.ml", line 1, characters 19-23:
        1 | let answer : int = "42"
                               ^^^^
        Error: This constant has type "string" but an expression was expected of type
                 "int"
        Read 99 sample input sentences and 47 error messages.
        Grammar has 56 nonterminal symbols, among which 1 start symbols.
        """)
    message = 'This constant has type "string" but an expression was expected of type\n         "int"'
    assert found.message == message
    # nobody knows where the message of a preprocessor ends
    assert one('File "a.ml", line 1, characters 0-3:\nError: this is wrong\nfor two reasons\n').message == (
        "this is wrong\nfor two reasons"
    )


def test_the_commands_that_dune_names_under_ci_are_no_part_of_a_message() -> None:
    """Without that, what ocamlc and ocamlopt say alike is two errors, and a rule's exit code goes unread."""
    error = 'File "a.ml", line 1, characters 0-1:\n1 | x\n    ^\nError: No\n  hint\n'
    output = (
        f"(cd _build/default && /bin/ocamlc.opt -w @1..3 -o .p.objs/byte/p.cmo -c -impl a.ml)\n{error}"
        f"(cd _build/default && /bin/ocamlopt.opt -w @1..3 -o .p.objs/native/p.cmx -c -impl a.ml)\n{error}"
        'File "dune", line 2, characters 0-6:\n2 | (rule)\n    ^^^^^^\n'
        "(cd _build/default && /bin/false) > _build/default/out\nCommand exited with code 1.\n"
        'File "want", line 1, characters 0-0:\n'
        "/bin/git --no-pager diff --no-index --color=always -u _build/default/want _build/default/got\n"
        "diff --git a/_build/default/want b/_build/default/got\n"
        "(cd _build/default && /bin/echo some)\nsome\n"
    )
    assert [d.message for d in parse(output, read_none)] == [
        "No\n  hint",
        "Command exited with code 1.",
        "diff --git a/_build/default/want b/_build/default/got",
    ]


def test_output_of_other_kinds_is_passed_over() -> None:
    block = 'File "a.ml", line 1, characters 0-1:\nError: No\n'
    output = f"Entering directory '/x'\nout\n{block}\nsome test printed this\n"
    assert [d.message for d in parse(output, read_none)] == ["No"]


@pytest.mark.parametrize("prefix", ["_build/default/", "_build/.sandbox/0a1b/default/", "./", ""])
def test_paths_are_those_of_the_source(prefix: str) -> None:
    (found,) = parse(f'File "{prefix}lib/a.ml", line 1, characters 0-1:\nError: No\n', read_none)
    assert found.path == "lib/a.ml"


def test_colours_and_carriage_returns_are_no_part_of_a_message() -> None:
    output = b'\x1b[1mFile "a.ml", line 1, characters 0-1\x1b[0m:\r\n\x1b[1;31mError\x1b[0m: No\r\n'
    assert parse(output, read_none)[0].message == "No"


def test_the_warning_that_warnings_were_fatal_says_nothing() -> None:
    assert parse('File "a.ml", line 1:\nError: Some fatal warnings were triggered (1 occurrences)\n', read_none) == ()


SAMPLES = (
    'File "a.ml", lines 1-2, characters 3-9:\n1 | é\nError (warning 8 [p]): No\nHint: é\n',
    'File "a.ml", line 99999999999999999999, characters 1-2:\nError: x',
    'File "dune", line 0, characters -1--1:\nError: x\n-> required by y\n',
    'File "a.ml", line 7, characters 900-901:\nError: x\n  File "a.ml", lines 2-9, characters 5-7: there\n',
    "Error:\n",
    "Warning 3: \n",
)
PIECES = st.lists(st.sampled_from(SAMPLES) | st.text(), max_size=5).map("".join)


@given(PIECES, st.integers(0, 300), st.text())
def test_garbage_never_raises(output: str, cut: int, text: str) -> None:
    for part in (output, output[:cut], output[cut:], output.encode("utf-8", "surrogatepass")[cut:]):
        for found in parse(part, lambda _: text):
            source = SourceText(text)
            for place in (found.range, *(related.range for related in found.related)):
                assert source.position(source.offset(place.start)) <= source.position(source.offset(place.end))
                assert place.start <= place.end


@pytest.mark.dune
@pytest.mark.parametrize(
    ("text", "word"),
    [
        ('let s = "日本" ^ 1\n', "1"),
        ('let s = "日本", ("é" ^ (function\n  | "é" -> "日本"))\n', 'function\n  | "é" -> "日本"'),
    ],
)
def test_places_of_the_real_compiler(tmp_path: Path, text: str, word: str) -> None:
    """Whatever the compiler's version: the range cuts out the right words."""
    (tmp_path / "a.ml").write_text(text, encoding="utf-8")
    done = subprocess.run(["ocamlc", "-c", "a.ml"], cwd=tmp_path, capture_output=True)
    (found,) = parse(done.stderr, {"a.ml": text}.get)
    assert SourceText(text).slice(found.range).strip("()") == word


def test_a_megabyte_of_empty_lines_is_read_soon() -> None:
    with at_most(10.0):
        found = one('File "a.ml", line 1, characters 0-1:\nNothing of a title' + "\n" * 1_000_000)
        again = one('File "a.ml", line 1, characters 0-1:\nNothing of' + "\n" * 1_000_000 + "a title")
    assert found.message == "Nothing of a title"
    assert again.message.split() == ["Nothing", "of", "a", "title"]


def test_what_dune_says_of_no_file_is_about_none() -> None:
    found = one('File "lib/_unknown_", line 1, characters 0-0:\nError: No rule found for lib/size.posix.ml\n')
    assert (found.path, found.message) == ("", "No rule found for lib/size.posix.ml")
