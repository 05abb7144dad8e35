"""A book of what many authors wrote, and what it has for a place."""

from lsp_aid.repair.search.edit import Place
from lsp_aid.repair.search.phrases import Phrases, bare
from lsp_aid.repair.search.program import Node, Program

LENGTH = "let rec len l = match l with [] -> 0 | h :: t -> 1 + len t\n"
OTHER = "let rec len items = match items with [] -> 0 | first :: rest -> 1 + len rest\n"


def book(*texts: str) -> Phrases:
    return Phrases.of((text, f"author {number}") for number, text in enumerate(texts))


def found(text: str, part: str) -> Node:
    """The expression that is this part of a text."""
    program = Program.of(text)
    nodes = [node for item in program.items for node in program.tree(item).walk()]
    return next(node for node in nodes if node.text == part and not node.is_pattern)


def proposed(phrases: Phrases, text: str, part: str) -> set[str]:
    node = found(text, part)
    return {edit.changes[0][2] for edit in phrases.edits(Place(node, node.program))}


def test_what_three_wrote_with_names_of_their_own_is_proposed_with_those_of_the_program() -> None:
    phrases = book(LENGTH, OTHER, LENGTH)
    wrong = "let rec len xs = match xs with [] -> 0 | x :: more -> 1 + len x more\n"
    assert "1 + len more" in proposed(phrases, wrong, "1 + len x more")
    assert "len more" in proposed(phrases, wrong, "len x more")


def test_what_two_wrote_is_not() -> None:
    assert not book(LENGTH, OTHER).known


def test_names_that_a_phrase_binds_are_those_that_stand_there() -> None:
    pipe = "let pipe fs = let f a x y = x (a y) in List.fold_left f (fun z -> z) fs\n"
    wrong = "let pipe fs = let f acc g = g acc in List.fold_left f (fun q -> q) fs\n"
    whole = "let f acc g = g acc in List.fold_left f (fun q -> q) fs"
    made = proposed(book(pipe, pipe, pipe), wrong, whole)
    assert "let f acc g y = g (acc y) in List.fold_left f (fun q -> q) fs" in made


def test_phrases_of_names_that_the_program_lacks_are_not_proposed() -> None:
    helped = "let f x = helper x\n"
    made = proposed(book(helped, helped, helped), "let f y = y + 1\n", "y + 1")
    assert not any("helper" in text for text in made)


def test_texts_that_stand_there_are_kept() -> None:
    joined = 'let rec join sep l = sep\nlet show l = join "; " l\n'
    wrong = 'let rec join sep l = sep\nlet show items = join (", " items)\n'
    assert 'join ", " items' in proposed(book(joined, joined, joined), wrong, 'join (", " items)')


def test_what_is_usual_at_a_place_is_known_whatever_its_parentheses() -> None:
    node = found(LENGTH, "1 + len t")
    assert book(LENGTH, OTHER, LENGTH).usual(node)[bare("1 + (len t)")] == 3
