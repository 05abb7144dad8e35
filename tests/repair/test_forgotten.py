"""What nothing uses since it was left out where it belongs: it is put there, before it is marked as unused."""

from pathlib import Path

import pytest

from lsp_aid.repair import forgotten, forgotten_siblings, last_cases
from lsp_aid.repair.family import Family
from tests.support.one_liners import Case, check_best
from tests.support.requires import require
from tests.support.whole_projects import proposals

pytestmark = pytest.mark.dune
T = "type t = { x : int; y : int }\n"
HIDDEN = "module M : sig val all : int list end = struct let two = 2 let three = 3 "

VARIABLES = [
    # a step of a chain
    ("let f s = let trimmed = String.trim s in s ^ \"!\"", "let f s = let trimmed = String.trim s in trimmed ^ \"!\""),
    (
        "let f s = let a = String.trim s in let b = String.escaped s in b",
        "let f s = let a = String.trim s in let b = String.escaped a in b",
    ),
    (
        "let at ~row ~col = row * col let f ~row ~col = let r = row + 1 in let c = col - 1 in at ~row:r ~col",
        "let at ~row ~col = row * col let f ~row ~col = let r = row + 1 in let c = col - 1 in at ~row:r ~col:c",
    ),
    # the same operand twice
    ("let f a b = compare (a + 1) (a + 1)", "let f a b = compare (a + 1) (b + 1)"),
    (T + "let f a b = a.x - a.x", T + "let f a b = a.x - b.x"),
    # what is written once more
    ("let f ?(sep = \",\") xs = String.concat \",\" xs", "let f ?(sep = \",\") xs = String.concat sep xs"),
    (
        "let row ~sep xs = String.concat \" | \" xs let f ?(sep = \" | \") xs = row ~sep xs",
        "let row ~sep xs = String.concat sep xs let f ?(sep = \" | \") xs = row ~sep xs",
    ),
    (
        "let f s = let n = String.length s in if String.length s > 2 then String.length s else 0",
        "let f s = let n = String.length s in if n > 2 then n else 0",
    ),
    ("let f s = for i = 0 to 3 do print_char s.[0] done", "let f s = for i = 0 to 3 do print_char s.[i] done"),
    # what came before
    ("let f = List.fold_left (fun acc x -> x * 2) 0", "let f = List.fold_left (fun acc x -> acc + (x * 2)) 0"),
    ("let f xs = List.fold_left (fun acc x -> [ x ]) [] xs", "let f xs = List.fold_left (fun acc x -> x :: acc) [] xs"),
    (
        "let f xs = List.fold_right (fun x acc -> x ^ \",\") xs \"\"",
        "let f xs = List.fold_right (fun x acc -> acc ^ (x ^ \",\")) xs \"\"",
    ),
    (
        "let f = List.fold_left (fun (a, n) x -> a + x, 1) (0, 0)",
        "let f = List.fold_left (fun (a, n) x -> a + x, n + 1) (0, 0)",
    ),
    # the rest of a list
    (
        "let rec f xs = match xs with [] -> 0 | x :: rest -> x + f xs",
        "let rec f xs = match xs with [] -> 0 | x :: rest -> x + f rest",
    ),
]  # fmt: skip
LETTERS = "module M : sig type t val f : string -> t end = struct type t = A | B | C let f = function "
CHECKS = "module M : sig val f : int -> bool end = struct let is_a x = x > 1 let is_b x = x > 2 let is_c x = x > 3 "
LEVELS = "module M : sig type t val f : string -> t option end = struct type t = Low | High let f = function "
NAMED = "module M : sig type t val low : t val too_high : t end = struct type t = Low | Too_high "
SIBLINGS = [
    (HIDDEN + "let four = 4 let all = [ two; three ] end", HIDDEN + "let four = 4 let all = [ two; three; four ] end"),
    (LETTERS + '"a" -> A | "b" -> B | _ -> A end', LETTERS + '"a" -> A | "b" -> B | "c" -> C | _ -> A end'),
    (LEVELS + '"low" -> Some Low | "high" -> Some Low | _ -> None end',
     LEVELS + '"low" -> Some Low | "high" -> Some High | _ -> None end'),
    (NAMED + "let low = Low let too_high = Low end", NAMED + "let low = Low let too_high = Too_high end"),
    (CHECKS + "let f x = is_a x && is_c x end", CHECKS + "let f x = is_a x && is_b x && is_c x end"),
]  # fmt: skip
LAST = [
    ("let f = function c when c > 0 -> 1 | c when c < 0 -> c | c when c = 0 -> 3",
     "let f = function c when c > 0 -> 1 | c when c < 0 -> c | _ -> 3"),
    ("let f = function Some n when n >= 9 -> 1 | Some n when n < 9 -> n | None -> 0",
     "let f = function Some n when n >= 9 -> 1 | Some n -> n | None -> 0"),
    ("let f a b = match compare a b with 0 -> 0 | -1 -> 1 | 1 -> 2",
     "let f a b = match compare a b with 0 -> 0 | -1 -> 1 | _ -> 2"),
    ("let f n = match n mod 2 with 0 -> 0 | 1 -> 1", "let f n = match n mod 2 with 0 -> 0 | _ -> 1"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("family", "pairs"),
    [(forgotten, VARIABLES), (forgotten_siblings, SIBLINGS), (last_cases, LAST)],
    ids=["variables", "siblings", "last_cases"],
)
async def test_what_was_meant_comes_first(family: Family, pairs: list[Case], tmp_path: Path) -> None:
    require("dune")
    await check_best(family, pairs, tmp_path)


async def test_what_a_call_lacks_is_given(tmp_path: Path) -> None:
    """By its type: not where it is of another one, and what starts a program is started."""
    require("dune")
    texts = {
        "lib/dune": "(library (name lib))",
        "lib/exec.ml": "let run ?(verbose = false) s = if verbose then print_endline s",
        "bin/dune": "(executable (name main) (libraries lib))",
        "bin/main.ml": 'let go ~verbose s = Lib.Exec.run s\n\nlet main () = go ~verbose:true "a"\n',
    }
    proposal = (await proposals(texts, tmp_path))[0]
    assert proposal.changes.texts == {
        "bin/main.ml": 'let go ~verbose s = Lib.Exec.run ~verbose s\n\nlet main () = go ~verbose:true "a"\n\n'
        "let () = main ()\n"
    }


async def test_fields_that_moved_are_found_where_they_are(tmp_path: Path) -> None:
    """And no other field that happens to be of the type."""
    require("dune")
    texts = {
        "config.ml": "type http = { host : string; port : int }\ntype t = { name : string; http : http }\n",
        "a.ml": "let f (c : Config.t) = c.host ^ c.name ^ string_of_int c.port\n",
        "b.ml": "let f (c : Config.t) = c.meta.name\n",
    }
    found = await proposals(texts, tmp_path)
    assert [proposal.changes.texts for proposal in found][:1] == [
        {
            "a.ml": "let f (c : Config.t) = c.http.host ^ c.name ^ string_of_int c.http.port\n",
            "b.ml": "let f (c : Config.t) = c.name\n",
        }
    ]
    assert not any("c.name ^ c.name" in (text or "") for one in found for text in one.changes.texts.values())


@pytest.mark.parametrize(
    "comment", ["(* main [--short | --long] FILE *)", "(* The colours of the lines went away, with --color. *)"]
)
async def test_what_a_comment_does_not_offer_goes(comment: str, tmp_path: Path) -> None:
    require("dune")
    kinds = "type t = Short | Long | Color\nlet show = function Short -> 1 | Long -> 2 "
    rest = '\nlet () = print_int (show (match Sys.argv.(1) with "--long" -> Long | "--short" | _ -> Short))\n'
    texts = {"dune": "(executable (name a))", "a.ml": f"{comment}\n{kinds}| Color -> 3{rest}"}
    found = (await proposals(texts, tmp_path))[0].changes.texts
    assert found == {"a.ml": f"{comment}\ntype t = Short | Long\nlet show = function Short -> 1 | Long -> 2{rest}"}
