from pathlib import Path

import pytest

from lsp_aid.domain.proposal import Kind, Level
from lsp_aid.repair import numeric_types
from tests.support import txtar
from tests.support.one_liners import check_best, check_none
from tests.support.repair import candidates_of, cases, repaired

pytestmark = pytest.mark.dune


@pytest.mark.parametrize("path", cases("numeric_types"), ids=lambda path: path.stem)
async def test_fixture(path: Path, tmp_path: Path) -> None:
    case = txtar.read(path)
    outcome = await repaired(case, tmp_path, {"numeric_types": numeric_types})
    best = outcome.repairs[0]
    assert best.verdict.level is Level.VERIFIED
    assert {**case.before, **best.changes.texts} == case.after


async def test_operators_and_literals_change_together(tmp_path: Path) -> None:
    await check_best(
        numeric_types,
        [
            ("let f (x : float) y = x + y * 2", "let f (x : float) y = x +. y *. 2."),
            ("let f (x : float) = (x - 1) / -2", "let f (x : float) = (x -. 1.) /. -2."),
            ("let f (x : float) = -x + 1_000", "let f (x : float) = -.x +. 1_000."),
            ("let f r = 3.14 * r *. r", "let f r = 3.14 *. r *. r"),
            ("let f x = x +. 1", "let f x = x +. 1."),
            ("let f (n : int) = n - 1.0", "let f (n : int) = n - 1"),
            ("let f (n : int) (m : int) = (n +. m) *. 2", "let f (n : int) (m : int) = (n + m) * 2"),
            ("let f (n : int) = float_of_int (n *. 2)", "let f (n : int) = float_of_int (n * 2)"),
            (
                "let f xs (sum : float) = sum /. List.length xs",
                "let f xs (sum : float) = sum /. float_of_int (List.length xs)",
            ),
            ("let f (x : float) = x + float_of_int 2 * 0.5", "let f (x : float) = x +. float_of_int 2 *. 0.5"),
            (
                "let f (xs : float list) = List.fold_left ( + ) 0 xs",
                "let f (xs : float list) = List.fold_left ( +. ) 0. xs",
            ),
            (
                "let f (xs : float list) = List.map (fun x -> x * 2 + 1) xs",
                "let f (xs : float list) = List.map (fun x -> x *. 2. +. 1.) xs",
            ),
        ],
        tmp_path,
    )


@pytest.mark.parametrize(
    ("source", "title", "kind"),
    [
        ("let f (x : float) : int = x", "Convert with `int_of_float`", Kind.GUESS),
        ("let f (s : string) : int = s", "Convert with `int_of_string`", Kind.GUESS),
        ("let f (n : int) (x : float) = n mod x", "Convert with `int_of_float`", Kind.GUESS),
        ("let f (n : int) : float = n", "Convert with `float_of_int`", Kind.FIX),
        ("let f (n : int) : string = n", "Convert with `string_of_int`", Kind.FIX),
    ],
)
async def test_what_can_lose_something_is_a_guess(source: str, title: str, kind: Kind, tmp_path: Path) -> None:
    (found,) = await candidates_of(numeric_types, {"a.ml": f"{source}\n"}, tmp_path)
    assert {candidate.kind for candidate in found if candidate.title == title} == {kind}


async def test_lone_literals(tmp_path: Path) -> None:
    await check_best(
        numeric_types,
        [
            ("let f = sqrt 2", "let f = sqrt 2."),
            ("let f = sqrt (-2)", "let f = sqrt (-2.)"),
            ("let f x = x ** 2", "let f x = x ** 2."),
            ("let f = [ 1.5; 2; 3 ]", "let f = [ 1.5; 2.; 3. ]"),
            ("let f = [| 1; 2.5 |]", "let f = [| 1.; 2.5 |]"),
            ("let f b = if b then 2.5 else 1", "let f b = if b then 2.5 else 1."),
            ("let f b = if b then 1 else 2.5", "let f b = if b then 1. else 2.5"),
            ("let f x = match x with 0. -> 1 | 1 -> 2 | _ -> 3", "let f x = match x with 0. -> 1 | 1. -> 2 | _ -> 3"),
            ("let f = Int64.add 1L 2", "let f = Int64.add 1L 2L"),
            ("let f = Int32.of_int 2l", "let f = Int32.of_int 2"),
            ("let f s = s ^ 'x'", 'let f s = s ^ "x"'),
            ('let f s = s ^ String.make 3 "x"', "let f s = s ^ String.make 3 'x'"),
            ('let f s = s ^ String.make 3 "\\""', "let f s = s ^ String.make 3 '\"'"),
            ("let f s = s ^ '\"'", 'let f s = s ^ "\\""'),
        ],
        tmp_path,
    )


async def test_conversions_and_other_functions(tmp_path: Path) -> None:
    await check_best(
        numeric_types,
        [
            ("let f (n : int) = sqrt n", "let f (n : int) = sqrt (float_of_int n)"),
            ("let f (n : int) = sqrt (n + 1 |> succ)", "let f (n : int) = sqrt (float_of_int (n + 1 |> succ))"),
            ('let f (n : int) = "n" ^ n', 'let f (n : int) = "n" ^ string_of_int n'),
            ('let f (x : float) = "x" ^ x', 'let f (x : float) = "x" ^ string_of_float x'),
            ("let f (x : float) = string_of_int x", "let f (x : float) = string_of_float x"),
            ("let f (x : float) = print_int (x *. 2.)", "let f (x : float) = print_float (x *. 2.)"),
            ("let f (x : float) = abs x", "let f (x : float) = abs_float x"),
            ("let f b (c : char) = Buffer.add_string b c", "let f b (c : char) = Buffer.add_char b c"),
            ("let f (x : float) = sqrt (float_of_int x)", "let f (x : float) = sqrt x"),
            ('let f (n : int) = Printf.sprintf "%5d%% %s" 1 n', 'let f (n : int) = Printf.sprintf "%5d%% %d" 1 n'),
            ('let f (x : float) = Printf.sprintf "%-8d|" x', 'let f (x : float) = Printf.sprintf "%-8f|" x'),
            (
                'let f (x : float) y = Printf.sprintf "%6d m %+.1f" x y',
                'let f (x : float) y = Printf.sprintf "%6.1f m %+.1f" x y',
            ),
            ("let f oc (s : string) = output oc s 0 1", "let f oc (s : string) = output_substring oc s 0 1"),
            ('let f s t = s + ", " + t', 'let f s t = s ^ ", " ^ t'),
            ('let f (n : int64) = Printf.sprintf "%d" n', 'let f (n : int64) = Printf.sprintf "%Ld" n'),
            ("let f (x : int64) = (x + 1L) * 2L", "let f (x : int64) = Int64.mul (Int64.add x 1L) 2L"),
            (
                "let f xs =\n  let sum = ref 0 in\n  List.iter (fun x -> sum := !sum +. x) xs",
                "let f xs =\n  let sum = ref 0. in\n  List.iter (fun x -> sum := !sum +. x) xs",
            ),
        ],
        tmp_path,
    )


async def test_the_other_reading_is_offered_as_well(tmp_path: Path) -> None:
    [found] = await candidates_of(numeric_types, {"a.ml": "let f (n : int) = n *. 2.\n"}, tmp_path)
    texts = [candidate.changes.texts["a.ml"] for candidate in found]
    assert "let f (n : int) = float_of_int n *. 2.\n" in texts
    assert "let f (n : int) = n * 2\n" in texts
    assert "let f (n : float) = n *. 2.\n" in texts
    assert len(set(texts)) == len(texts)


async def test_what_is_no_whole_number_is_not_cut_off(tmp_path: Path) -> None:
    [found] = await candidates_of(numeric_types, {"a.ml": "let f (n : int) = n + 2.5\n"}, tmp_path)
    assert all("2.5" in (candidate.changes.texts["a.ml"] or "") for candidate in found)


async def test_bytes_before_the_place_and_crlf(tmp_path: Path) -> None:
    text = 'let ärea (ø : float) = (* "🐫" *)\r\n  ignore "ß"; ø * 2\r\n'
    [[best, *_]] = await candidates_of(numeric_types, {"a.ml": text}, tmp_path)
    assert best.changes.texts == {"a.ml": text.replace("ø * 2", "ø *. 2.")}


async def test_other_clashes_are_left_alone(tmp_path: Path) -> None:
    sources = ["let f (x : int) : unit = x", "let f x = x + ()", "let f (x : int list) = x + 1", "let f = g 1"]
    await check_none(numeric_types, sources, tmp_path)
