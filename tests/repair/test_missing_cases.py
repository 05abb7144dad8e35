from pathlib import Path

import pytest

from lsp_aid.domain.proposal import Kind, Level
from lsp_aid.repair import missing_cases
from tests.support import txtar
from tests.support.repair import candidates_of, cases, repaired
from tests.support.requires import require

pytestmark = pytest.mark.dune


@pytest.fixture(autouse=True)
def _dune() -> None:
    require("dune")


@pytest.mark.parametrize("path", cases("missing_cases"), ids=lambda path: path.stem)
async def test_fixture(path: Path, tmp_path: Path) -> None:
    case = txtar.read(path)
    outcome = await repaired(case, tmp_path, {"missing_cases": missing_cases})
    best = outcome.repairs[0]
    assert best.verdict.level is Level.VERIFIED
    assert best.kind is Kind(case.options.get("kind", "fix"))
    assert {**case.before, **best.changes.texts} == case.after


F = "let rec f = function x :: xs -> "
T = "type t = A | B of int | Cd_ef of int * t | G of { x : int }\n"


async def test_the_order_is_that_of_a_type_of_another_file(tmp_path: Path) -> None:
    before = "let f (l : Level.t) = match l with Debug -> 0 | Info -> 1 | Error -> 3\n"
    texts = {"level.ml": "type t = Debug | Info | Warning | Error\n", "a.ml": before}
    [found] = await candidates_of(missing_cases, texts, tmp_path)
    assert found[0].changes.texts == {"a.ml": before.replace("| Error", "| Warning -> 2 | Error")}


@pytest.mark.parametrize(
    ("said", "body"),
    [
        ("held or gone away", "true"),
        ("held", None),
        ("not held and not gone away", None),
        ("held, open, gone away", None),
    ],
)
async def test_the_comment_says_which_body_it_is(said: str, body: str | None, tmp_path: Path) -> None:
    before = f"type t = Open | Held | Gone_away\n\n(* Whether it is {said}. *)\n"
    before += "let f = function\n  | Open -> false\n  | Held -> true\n"
    [found] = await candidates_of(missing_cases, {"a.ml": before}, tmp_path)
    told = [candidate.changes.texts == {"a.ml": f"{before}  | Gone_away -> true\n"} for candidate in found]
    assert told[0] if body else not any(told)


async def test_what_is_called_as_a_keyword_has_an_underscore(tmp_path: Path) -> None:
    before = "type t = Open | Done | Held | To\ntype r = { open_ : int; done_ : int; held : int; to_ : int }\n"
    before += "let f r t = match t with Open -> { r with open_ = r.open_ + 1 } | Done -> { r with done_ = r.done_ + 1 }"
    [found] = await candidates_of(missing_cases, {"a.ml": before + "\n"}, tmp_path)
    added = "".join(f" | {t} -> {{ r with {n} = r.{n} + 1 }}" for t, n in (("Held", "held"), ("To", "to_")))
    assert found[0].changes.texts == {"a.ml": f"{before}{added}\n"}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        # what the others show
        (
            'let f = function A -> "a" | B _ -> "b"',
            'let f = function A -> "a" | B _ -> "b" | Cd_ef (_, _) -> "cd_ef" | G _ -> "g"',
        ),
        (
            'let f = function\n  | A -> "an A"\n  | Cd_ef _ -> "an Cd ef"\n  | G _ -> "an G"',
            'let f = function\n  | A -> "an A"\n  | B _ -> "an B"\n  | Cd_ef _ -> "an Cd ef"\n  | G _ -> "an G"',
        ),
        (
            'let f = function G _ -> "g" | B _ -> "b" | A -> "a"',
            'let f = function G _ -> "g" | B _ -> "b" | A -> "a" | Cd_ef (_, _) -> "cd_ef"',
        ),
        (
            'let f = function B _ -> "b" | Cd_ef _ -> "cd_ef" | G _ -> "g"',
            'let f = function A -> "a" | B _ -> "b" | Cd_ef _ -> "cd_ef" | G _ -> "g"',
        ),
        # the empty case
        (F + "(x + 1) :: f xs", F + "(x + 1) :: f xs | [] -> []"),
        (F + "x + f xs", F + "x + f xs | [] -> 0"),
        ("let f = function Some x -> Some (x + 1)", "let f = function Some x -> Some (x + 1) | None -> None"),
        (
            "let f r = match r with Ok x -> Ok (x + 1)",
            "let f r = match r with Ok x -> Ok (x + 1) | Error error -> Error error",
        ),
        (
            "let f ~default o = match o with Some x -> x",
            "let f ~default o = match o with Some x -> x | None -> default",
        ),
    ],
)
async def test_a_body_that_is_determined_is_a_fix(before: str, after: str, tmp_path: Path) -> None:
    found = await candidates_of(missing_cases, {"a.ml": T + before + "\n"}, tmp_path)
    best = next(candidates for candidates in found if candidates)[0]  # not of the unused `default`
    assert best.changes.texts == {"a.ml": T + after + "\n"}
    assert best.kind is Kind.FIX


async def test_doing_nothing_among_effects_is_a_guess(tmp_path: Path) -> None:
    before = "let f = function A -> () | B n -> print_int n"
    [found] = await candidates_of(missing_cases, {"a.ml": f"{T}{before}\n"}, tmp_path)
    assert found[0].changes.texts == {"a.ml": f"{T}{before} | Cd_ef (_, _) -> () | G _ -> ()\n"}
    assert [candidate.kind for candidate in found] == [Kind.GUESS, Kind.SKELETON]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("let f = function A -> true | G _ | B _ -> true", ' | Cd_ef (_, _) -> failwith "TODO: Cd_ef"'),
        ("let f = function A -> 1 | G _ | B _ -> 2", ' | Cd_ef (_, _) -> failwith "TODO: Cd_ef"'),
        ("let f x = match x with Some x -> x", ' | None -> failwith "TODO: None"'),
        ("let f = function 1 -> 2 | 3 -> 4", ' | _ -> failwith "TODO: other cases"'),
        ('let f = function "a", 1 -> 2', ' | _, _ -> failwith "TODO: _, _"'),
        ("let f = function [] -> 1 | [ x ] -> x", ' | _ :: _ :: _ -> failwith "TODO: _ :: _ :: _"'),
        ("let f x = match x with x when x = A -> 1", ' | _ -> failwith "TODO: other cases"'),
        ("let f = function true, A -> 1 | _, (B _ | G _ | Cd_ef _) -> 2", ' | false, A -> failwith "TODO: false, A"'),
        ("let f (x : exn) = match x with Not_found -> 1", ' | _ -> failwith "TODO: other cases"'),
    ],
)  # fmt: skip
async def test_a_body_that_nothing_determines_is_a_skeleton(before: str, after: str, tmp_path: Path) -> None:
    [found] = await candidates_of(missing_cases, {"a.ml": T + before + "\n"}, tmp_path)
    assert [c.kind for c in found] == [Kind.SKELETON]
    assert found[0].changes.texts == {"a.ml": T + before + after + "\n"}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("let f x = match x with\n\t| A -> 1 (* one *)", '\n\t| B _ -> failwith "TODO: B"'),
        (
            "let f x y = begin match x with\n  | A -> (match y with\n         | A -> 1\n         | B _ -> 2)\n end",
            None,
        ),
    ],
)
async def test_the_layout_is_that_of_the_other_cases(before: str, after: str | None, tmp_path: Path) -> None:
    types = "type t = A | B of int\n"
    found = await candidates_of(missing_cases, {"a.ml": types + before + "\n"}, tmp_path)
    if after is not None:
        assert found[0][0].changes.texts == {"a.ml": types + before + after + "\n"}
    else:
        wanted = before.replace("\n end", '\n  | B _ -> failwith "TODO: B"\n end')
        assert found[0][0].changes.texts == {"a.ml": types + wanted + "\n"}


async def test_crlf_is_kept(tmp_path: Path) -> None:
    before = "type t = A | B\r\nlet f = function\r\n  | A -> 1\r\n"
    [found] = await candidates_of(missing_cases, {"a.ml": before}, tmp_path)
    assert found[0].changes.texts == {"a.ml": before + '  | B -> failwith "TODO: B"\r\n'}


async def test_constructors_are_qualified_as_the_others_are(tmp_path: Path) -> None:
    before = "module M = struct type t = A | B of int end\nlet f x = match x with M.A -> 1\n"
    [found] = await candidates_of(missing_cases, {"a.ml": before}, tmp_path)
    assert found[0].changes.texts == {"a.ml": before[:-1] + ' | M.B _ -> failwith "TODO: B"\n'}


async def test_a_pattern_of_a_let_is_left_alone(tmp_path: Path) -> None:
    [found] = await candidates_of(missing_cases, {"a.ml": "let f o = let (Some x) = o in x\n"}, tmp_path)
    assert found == []
