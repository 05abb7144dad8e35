import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp_aid.domain.text import apply_text_edits
from lsp_aid.ocaml import dune_file, dune_stanzas
from lsp_aid.ocaml.dune_file import Group, Node, Word

WORDS = st.text(st.characters(max_codepoint=126, exclude_characters="\0"), min_size=1)
TREES = st.recursive(WORDS, lambda inner: st.lists(inner, max_size=4), max_leaves=12)
FRAGMENTS = st.sampled_from(
    ["(", ")", '"', "\\", ";", "\n", " ", "\r\n", '"\\| x', "%{a:b}", "atom", "é", "#|", "\\x4"]
)


def shape(node: Node) -> object:
    return node.value if isinstance(node, Word) else [shape(item) for item in node.items]


def write(tree: object) -> str:
    return dune_file.quote(tree) if isinstance(tree, str) else f"({' '.join(map(write, tree))})"


@given(TREES)
def test_what_is_written_reads_the_same(tree):
    nodes, faults = dune_file.parse(write(tree))
    assert not faults
    assert [shape(node) for node in nodes] == [tree]


@given(st.lists(FRAGMENTS | st.text(max_size=3)).map("".join))
def test_any_text_is_read_and_every_node_knows_its_place(text):
    nodes, faults = dune_file.parse(text)
    assert all(0 <= fault.offset < len(text) for fault in faults)
    for node in dune_file.walk(nodes):
        assert 0 <= node.start < node.end <= len(text)
        again, _ = dune_file.parse(text[node.start : node.end])
        assert [shape(found) for found in again] == [shape(node)]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("a ; b (c)\nd", ["a", "d"]),
        ('"a\\n\\"b\\"\\x41\\066"', ['a\n"b"AB']),
        ('"a\\\n   b"', ["ab"]),
        ('"\\| one\\ttwo\n  "\\> three\\t"\n x', ['one\ttwo\nthree\\t"\n', "x"]),
        ('a"b"c', ["a", "b", "c"]),
        ("a#|b", ["a#|b"]),
        ("%{dep:x}/y", ["%{dep:x}/y"]),
        ("é 名", ["é", "名"]),
    ],
)
def test_words(text, values):
    assert [shape(node) for node in dune_file.parse(text)[0]] == values


@pytest.mark.parametrize(("text", "at"), [("(a (b)", 0), ("a)", 1), ('(a) "b', 4)])
def test_what_is_wrong_is_told_with_its_place(text, at):
    nodes, faults = dune_file.parse(text)
    assert [fault.offset for fault in faults] == [at]
    assert nodes


def added(text: str, field: str = "libraries", value: str = "str") -> str:
    return apply_text_edits(text, [dune_file.add_to_field(text, dune_file.stanzas(text)[0], field, value)])


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("(library (name a))", "(library (name a) (libraries str))"),
        ("(library\n (name a))", "(library\n (name a)\n (libraries str))"),
        (
            "(library\n   (name a)\n   (wrapped false)\n   (flags -g))\n",
            "(library\n   (name a)\n   (wrapped false)\n   (libraries str)\n   (flags -g))\n",
        ),
        ("(library\n (name a) ; the name\n )", "(library\n (name a) ; the name\n (libraries str)\n )"),
        (
            "(executable\n (public_name b)\n (name a))",
            "(executable\n (public_name b)\n (name a)\n (libraries str))",
        ),
        ("(library (name a)\r\n)\r\n", "(library (name a)\r\n (libraries str)\r\n)\r\n"),
        ("(library (libraries))", "(library (libraries str))"),
        ("(library (libraries a b))", "(library (libraries a b str))"),
        ("(library (libraries a\n  b c))", "(library (libraries a\n  b c str))"),
        ("(library\n (libraries\n  a\n  b))", "(library\n (libraries\n  a\n  b\n  str))"),
        ("(library\n (libraries\n  a ; first\n ))", "(library\n (libraries\n  a ; first\n  str\n ))"),
        ("(library\n (libraries a\n            b)\n)", "(library\n (libraries a\n            b\n            str)\n)"),
        ("(library)", "(library (libraries str))"),
        ("(library (libraries re unix))", "(library (libraries re str unix))"),
        ("(library (libraries unix re))", "(library (libraries unix re str))"),
        ("(library\n (libraries\n  re\n  unix))", "(library\n (libraries\n  re\n  str\n  unix))"),
        (
            "(library\n (libraries\n  re\n  ; for the clock\n  unix))",
            "(library\n (libraries\n  re\n  ; for the clock\n  unix\n  str))",
        ),
        ("(library\n (libraries ; all\n  unix\n  zarith))", "(library\n (libraries ; all\n  unix\n  zarith\n  str))"),
    ],
)
def test_a_library_is_added_in_the_layout_of_the_field(before, after):
    assert added(before) == after


def test_a_module_has_its_place_and_a_file_that_is_needed_is_the_last():
    assert added("(library (modules main util))", "modules", "site") == "(library (modules main site util))"
    assert added("(rule (deps a.txt c.txt))", "deps", "b.txt") == "(rule (deps a.txt c.txt b.txt))"


def test_a_module_is_added_before_what_is_taken_away():
    before = "(library (modules :standard \\ main))"
    assert added(before, "modules", "extra") == "(library (modules :standard extra \\ main))"


@given(
    st.lists(st.sampled_from(["a", "b", "unix"]), max_size=4),
    st.sampled_from([" ", "\n  ", "\r\n\t", " ; note\n "]),
    st.sampled_from([" ", "\n "]),
)
def test_what_is_added_and_removed_again_leaves_the_other_libraries(names, gap, outer):
    text = f"(library{outer}(name x){outer}(libraries{''.join(gap + name for name in names)}))"
    with_str = added(text)
    stanza = dune_file.stanzas(with_str)[0]
    is_ordered = len(names) > 1 and names == sorted(names) and ";" not in gap
    assert dune_file.words(stanza, "libraries") == tuple(sorted([*names, "str"]) if is_ordered else [*names, "str"])
    removal = dune_file.remove_from_field(with_str, stanza, "libraries", "str")
    assert removal
    without = dune_file.stanzas(apply_text_edits(with_str, [removal]))[0]
    assert dune_file.words(without, "libraries") == tuple(names)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("(library\n (name a)\n (libraries str))", "(library\n (name a))"),
        ("(library (libraries a str b))", "(library (libraries a b))"),
        ("(library (libraries\n  a\n  str\n  b))", "(library (libraries\n  a\n  b))"),
        ("(library (libraries a ; one\n str))", "(library (libraries a ; one\n ))"),
    ],
)
def test_a_library_is_removed_with_its_gap(before, after):
    removal = dune_file.remove_from_field(before, dune_file.stanzas(before)[0], "libraries", "str")
    assert removal
    assert apply_text_edits(before, [removal]) == after


def test_an_atom_is_replaced():
    text = "(library (libraries strr))"
    word = dune_file.stanzas(text)[0].items[1].items[1]
    assert apply_text_edits(text, [dune_file.replace_atom(word, "str")]) == "(library (libraries str))"
    assert apply_text_edits(text, [dune_file.replace_atom(word, "a b")]) == '(library (libraries "a b"))'


DUNES = {
    "lib/dune": "(include_subdirs unqualified)\n(library (name core) (modules :standard \\ (main tool)))\n"
    "(executables (names main) (modules main tool))",
    "lib2/dune": "(library (name flat) (wrapped false))",
    "test/dune": "(tests (names t1 t2) (libraries core))",
    "dune": "(subdir gen (library (public_name proj.gen)))",
}


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("lib/a.ml", "core"),
        ("lib/deep/er/b.mli", "core"),
        ("lib/main.ml", "main"),
        ("lib/tool.ml", "main"),
        ("lib2/x.mll", "flat"),
        ("lib2/deep/x.ml", None),
        ("test/t1.ml", "t1"),
        ("gen/g.ml", "proj.gen"),
        ("other/a.ml", None),
    ],
)
def test_a_file_belongs_to_the_stanza_that_builds_it(path, name):
    stanza = dune_stanzas.owner(path, dune_stanzas.read(DUNES))
    assert (stanza and (stanza.names or stanza.public_names)[0]) == name


def test_a_library_offers_its_main_module_or_all():
    stanzas = dune_stanzas.read(DUNES)
    paths = ["lib/a.ml", "lib/core.ml", "lib2/x.ml", "lib2/y_z.mli", "lib2/readme.md"]
    offered = {
        s.names[0]: dune_stanzas.offered_modules(s, paths, stanzas) for s in stanzas if s.kind == "library" and s.names
    }
    assert offered == {"core": {"Core"}, "flat": {"X", "Y_z"}}


def test_groups_know_their_head():
    group = dune_file.stanzas("(a b (c d) e)")[0]
    assert isinstance(group, Group)
    assert (group.head, group.words) == ("a", ("b", "e"))
    assert dune_file.words(group, "c") == ("d",)
    assert dune_file.stanzas("(() b)")[0].head == ""


def test_what_no_person_wrote_is_read_in_bounds():
    nodes, faults = dune_file.parse(")" * 10_000)
    assert (nodes, len(faults)) == ((), dune_file.MAX_FAULTS)
    nodes, faults = dune_file.parse("(a)" * dune_file.MAX_TEXT)
    assert (nodes, [fault.offset for fault in faults]) == ((), [0])
