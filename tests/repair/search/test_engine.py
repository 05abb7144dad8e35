"""What the search proposes for lone programs, with the real type checker."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from lsp_aid.config import load
from lsp_aid.domain.ports import Typer
from lsp_aid.domain.typed import CompilerFlags
from lsp_aid.repair.search import explore
from lsp_aid.repair.search.edit import ATOM, Piece, replace
from lsp_aid.repair.search.engine import propose
from lsp_aid.repair.search.oracle import TyperOracle
from lsp_aid.repair.search.program import Program
from lsp_aid.wiring import Wiring

pytestmark = pytest.mark.dune

FLAGS = CompilerFlags(("-w", "-a"))
SILENCING = re.compile(r"assert false|failwith|raise|Obj\.|List\.hd \[\]|while true|exit|external|ignore|\[@")


@pytest.fixture
async def typer(tmp_path: Path) -> AsyncIterator[Typer]:
    async with Wiring().lone_typer(load(None, {})) as opened:
        yield opened


CASES = {
    "an operator of floats": (
        "let mean a b = (a +. b) / 2.0\n",
        "let mean a b = (a +. b) /. 2.0\n",
    ),
    "all the arithmetic": (
        "let area r = 3.14 * r * r\nlet () = print_float (area 2.0)\n",
        "let area r = 3.14 *. r *. r\nlet () = print_float (area 2.0)\n",
    ),
    "an element that is to be a list": (
        "let rec digits n = if n = 0 then [] else digits (n / 10) @ (n mod 10)\n",
        "let rec digits n = if n = 0 then [] else digits (n / 10) @ [n mod 10]\n",
    ),
    "arguments the other way round": (
        'let lengths l = List.map l String.length\nlet x : int list = lengths ["a"]\n',
        'let lengths l = List.map String.length l\nlet x : int list = lengths ["a"]\n',
    ),
    "arguments that are to be a tuple": (
        "let rec pow (x, n) = if n = 0 then 1 else x * pow x (n - 1)\n",
        "let rec pow (x, n) = if n = 0 then 1 else x * pow (x, n - 1)\n",
    ),
    "a forgotten operator": (
        'let f name = "a" ^ ("b" name)\n',
        'let f name = "a" ^ ("b" ^ name)\n',
    ),
    "a type that is defined twice, and uses of both": (
        "type shape = Dot | Line of int\ntype shape = Dot | Ring of int\nlet a = Line 1\nlet b = Ring (3 +. 4)\n",
        "type shape = Dot | Line of int | Ring of int\nlet a = Line 1\nlet b = Ring (3 + 4)\n",
    ),
    "two errors that have nothing to do with each other": (
        "let f x = x +. 1\nlet g s = s ^ 2\n",
        'let f x = x +. 1.0\nlet g s = s ^ "2"\n',
    ),
}


def words(text: str) -> list[str]:
    return re.findall(r"[^\s()]+", text.replace("(", " ").replace(")", " "))


@pytest.mark.parametrize("name", CASES)
async def test_what_a_person_would_have_done_is_among_three(name: str, typer: Typer) -> None:
    before, after = CASES[name]
    found = await propose(before, TyperOracle(typer, "program.ml", FLAGS))
    assert words(after) in [words(one.text) for one in found], [one.text for one in found]


@pytest.mark.parametrize("name", CASES)
async def test_every_proposal_type_checks_and_none_only_silences(name: str, typer: Typer) -> None:
    found = await propose(CASES[name][0], TyperOracle(typer, "program.ml", FLAGS), top=10)
    assert found
    for one in found:
        checked = await typer.check("program.ml", one.text, FLAGS)
        assert checked.build.green, one.text
        assert not SILENCING.search(one.text), one.text
        assert one.title
        assert "\n" not in one.title


async def test_a_program_without_errors_is_left_alone(typer: Typer) -> None:
    assert await propose("let x = 1\n", TyperOracle(typer, "program.ml", FLAGS)) == []


async def test_text_that_does_not_parse_or_is_empty(typer: Typer) -> None:
    for text in ("let x = (1 +\n", "", "let = in )) \x00", "]" * 50):
        for one in await propose(text, TyperOracle(typer, "program.ml", FLAGS)):
            assert (await typer.check("program.ml", one.text, FLAGS)).build.green


async def test_an_extensible_type_is_not_defined_twice(typer: Typer) -> None:
    before = "type t = ..\ntype t += A\ntype t += B of int\nlet x = B (1 +. 2)\n"
    found = await propose(before, TyperOracle(typer, "program.ml", FLAGS))
    assert before.replace("+.", "+") in [one.text for one in found]


async def test_without_time_nothing_is_said_of_a_type_that_is_defined_twice(typer: Typer) -> None:
    oracle = TyperOracle(typer, "program.ml", FLAGS, until=0.0)
    assert await propose("type t = A\ntype t = A | B\nlet x = C\n", oracle) == []


async def test_without_time_nothing_is_asked_for_long(typer: Typer) -> None:
    """A budget that is spent ends the search with what there is."""
    oracle = TyperOracle(typer, "program.ml", FLAGS, until=0.0)
    assert await propose(CASES["an operator of floats"][0], oracle) == []
    assert oracle.asked == 0


async def test_what_throws_away_too_much_ends_no_search(typer: Typer) -> None:
    oracle = TyperOracle(typer, "program.ml", FLAGS)
    located = await explore.faults(Program.of("let f a b c d = 1 + a + b + c + d + 1.0\n"), oracle)
    assert located is not None
    whole = located[0]
    body = max((n for n in whole.nodes if n.kind == "infix"), key=lambda node: node.size)
    nearly_all, one_number = replace(body, Piece("1", ATOM), "any"), replace(body.kids[-1], Piece("1", ATOM), "any")
    assert await explore.check(whole, [nearly_all], oracle) == []
    assert not oracle.is_settled
    assert [one.edit for one in await explore.check(whole, [nearly_all, one_number], oracle)] == [one_number]
    assert oracle.is_settled
