"""What functions of a name have for types, and the search for repairs that give them these."""

from collections.abc import AsyncIterator

import pytest

from lsp_aid.config import load
from lsp_aid.domain.ports import Typer
from lsp_aid.domain.typed import CompilerFlags
from lsp_aid.repair.search.annotated import annotations, beside
from lsp_aid.repair.search.engine import search
from lsp_aid.repair.search.fluency import Fluency
from lsp_aid.repair.search.habits import Habits
from lsp_aid.repair.search.oracle import TyperOracle
from lsp_aid.repair.search.phrases import Phrases
from lsp_aid.repair.search.program import Program
from lsp_aid.repair.search.ranking import Model
from lsp_aid.wiring import Wiring

FLAGS = CompilerFlags(("-w", "-a"))


@pytest.fixture
async def typer() -> AsyncIterator[Typer]:
    async with Wiring().lone_typer(load(None, {})) as opened:
        yield opened


def test_what_many_agree_on_is_usual() -> None:
    many = [("val total : int list -> int\n", f"author {number}") for number in range(5)]
    habits = Habits.of([*many, ("val total : int\nval rare : int\n", "another")])
    assert habits.usual("total") == "int list -> int"
    assert habits.share("total", "int") == 0.0
    assert habits.share("rare", "int") is None
    assert not habits.usual("rare")


def test_one_author_is_not_many() -> None:
    assert not Habits.of([("val total : int list -> int\n", "one")] * 20).shares


def annotated(text: str, name: str, type_: str, *changes: tuple[int, int, str]) -> str:
    """The text as it is judged."""
    program = Program.of(text)
    roots = [program.tree(item) for item in program.items]
    made = beside(changes, annotations(Habits({name: {type_: 1.0}}), roots, program))
    for start, end, new in reversed(made):
        text = text[:start] + new + text[end:]
    return text


def test_a_function_is_judged_with_its_usual_type_beside_any_change() -> None:
    text = "let add a (b, c) = a + b"
    wanted = "int -> int * int -> int"
    assert annotated(text, "add", wanted) == "let add (a : int) ((b, c) : int * int) : (int) = a + b"
    changed = annotated(text, "add", wanted, (10, 16, "b"), (16, 16, " d"), (21, 22, "*"))
    assert changed == "let add (a : int) (b : int * int) d : (int) = a * b"


def test_a_change_that_takes_in_a_parameter_counts_alone() -> None:
    assert annotated("let add a b = a + b", "add", "int -> int -> int", (7, 9, "")) == "let add b = a + b"


def test_types_that_the_program_does_not_know_are_no_annotations() -> None:
    assert annotated("let eval e = e", "eval", "expr -> float") == "let eval e = e"


@pytest.mark.dune
async def test_repairs_that_give_the_usual_type_are_searched(typer: Typer) -> None:
    text = "let tag s n m = s ^ n ^ m ^ 1\n"
    for usual, is_found in (({}, False), ({"tag": {"string -> int -> int -> string": 0.9}}, True)):
        model = Model({}, Fluency({}), Habits(usual), Phrases({}))
        searched = await search(text, TyperOracle(typer, "program.ml", FLAGS), model)
        assert searched is not None
        signatures = [one.judgement.signature for one in searched.found]
        assert any("string -> int -> int -> string" in signature for signature in signatures) == is_found
        assert not any(" : string)" in one.text for one in searched.found)
