"""One token other than was meant: what comes first is what the file itself would say there."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from lsp_aid.config import load
from lsp_aid.domain.ports import Typing
from lsp_aid.repair import one_token_slips
from lsp_aid.repair.one_token.language import Language
from lsp_aid.repair.one_token.slips import Place, slips
from lsp_aid.wiring import Wiring
from tests.support.one_liners import check_best
from tests.support.repair import LoneTyping, problems

pytestmark = pytest.mark.dune

SHAPES = """type shape = Circle of float | Square of float
let area shape = match shape with
  | Circle radius -> 3. *. radius *. radius
  | Square side -> side *. side
let grow shape factor = match shape with
  | Circle radius -> Circle (radius *. factor)
  | Square side -> Square (side *. factor)
let total shapes =
  let areas = List.map area shapes in
  List.fold_left ( +. ) 0. areas
let largest shapes =
  let areas = List.map area shapes in
  List.fold_left max 0. areas
"""
SLIPS = [
    ("side *. side\nlet g", "side *. area\nlet g"),
    ("-> Square (", "-> Some ("),
    ("List.fold_left max", "Float.fold_left max"),
    ("Square side -> side", "Square side | side"),
    ("shapes in\n  List.fold_left max", "shapes of\n  List.fold_left max"),
    ("type shape = Circle of", "type shape = Circle"),
    ("List.map area shapes in\n  List.fold_left max", "List.map area in\n  List.fold_left max"),
    ("max 0. areas", "max 0. areas areas"),
    ("let largest shapes =", "let largest = shapes"),
    ("max 0. areas", 'max "0." areas'),
    ("List.fold_left max", "Listfold_left max"),
]


@pytest.fixture
async def typing(tmp_path: Path) -> AsyncIterator[Typing]:
    async with Wiring().lone_typer(load(None, {})) as opened:
        yield LoneTyping(opened)


async def test_the_first_proposal_takes_the_slip_back(typing: Typing, tmp_path: Path) -> None:
    assert all(SHAPES.count(right) == 1 for right, _ in SLIPS)
    cases = [(SHAPES.replace(right, wrong), SHAPES) for right, wrong in SLIPS]
    await check_best(one_token_slips, cases, tmp_path, typing=typing)


def test_what_a_file_says_elsewhere_is_likely_and_a_slip_does_not_speak_for_itself() -> None:
    text = "let f x = List.map g x\nlet h x = List.map k x\nlet i x = List.mpa f x\n"
    language = Language.of(text, ["let j x = List.map f x\n"])
    at = language.words.index("mpa")
    assert language.likely(at, ("map",), at + 1) > language.likely_as_is(at, at + 1) + 2
    assert language.likely(at, ("map",), at + 1) > language.likely(at, ("f",), at + 1) + 2


def test_a_name_is_known_by_its_words() -> None:
    language = Language.of("let print_tree = 1\nlet tree = Tree.print\nlet print_tere = 2\n", [])
    assert language.knows("print_tree")
    assert not language.knows("print_tere")


async def test_a_name_that_an_interface_has_and_its_module_has_not(typing: Typing, tmp_path: Path) -> None:
    edges = "module Size : sig\n  type t\nend\nmodule Edge : sig\n  val of_size : Size.t -> int\nend"
    cases = [
        ("val area : float -> float", "val twice : float -> float"),
        (edges.replace("module Size", "module Edge"), edges),
    ]
    implementations = [
        "let twice x = x *. 2.",
        "module Size = struct type t = int end\nmodule Edge = struct let of_size (s : Size.t) = s end",
    ]
    await check_best(one_token_slips, cases, tmp_path, typing=typing, implementations=implementations)


async def test_an_argument_that_became_optional_cures_all_that_follows(typing: Typing, tmp_path: Path) -> None:
    right = "let sides ~width ~scale = (width, scale)\nlet one = snd (sides ~width:1. ~scale:2.) +. 1.\n"
    wrong = {"a.ml": right.replace("~scale =", "?scale =")}
    of_argument, of_use = sorted(await problems(wrong, tmp_path, typing), key=lambda problem: problem.start)
    best = (await one_token_slips.candidates(of_argument))[0]
    assert (best.changes.texts, best.cures_file) == ({"a.ml": right}, True)
    assert best.weight > (await one_token_slips.candidates(of_use))[0].weight


def test_another_module_that_has_such_a_value() -> None:
    text = "let shifted = Option.map succ places"
    language = Language.of(text, [])
    at = language.words.index("Option")
    place = Place(text, language, 0, len(language.words), range(at, at + 1), False, members={"map": ["Placed"]})
    [found] = [slip for slip in slips(place) if slip.edit.text == "Placed"]
    assert (found.title, found.is_sibling) == ("Replace `Option` by `Placed`", True)


async def test_no_statement_is_a_name_alone(typing: Typing, tmp_path: Path) -> None:
    text = "let rec f p l = if l = [] then l else p - f p (List.tl l)"
    [problem] = await problems({"a.ml": text}, tmp_path, typing)
    found = [one.changes.texts["a.ml"] or "" for one in await one_token_slips.candidates(problem)]
    assert found
    assert not any("p;" in text.replace(" ", "") for text in found)


async def test_another_field_of_the_type_is_tried_however_seldom_it_is_used(
    typing: Typing, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(one_token_slips, "MOST_TYPED", 5)
    right = "type node = { links : node list; sends : bool }\nlet rec count node = if node.sends then 1 else 0\n"
    right += "and all node = List.map (fun node -> count node) node.links @ List.map count node.links"
    await check_best(one_token_slips, [(right.replace("node.sends", "node.links"), right)], tmp_path, typing=typing)
