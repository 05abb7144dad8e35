"""What was a list, an exception, a plain value or a bare constructor is of another kind now: its uses follow."""

from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

import pytest
from attrs import evolve

from lsp_aid.domain.ports import Typing
from lsp_aid.domain.proposal import Kind
from lsp_aid.repair import (
    binding_operators,
    constructor_arity,
    continuations,
    exceptions_and_results,
    patterns_of_parts,
    sets_and_maps,
    variant_tags,
)
from tests.support.one_liners import check_best
from tests.support.repair import problems

pytestmark = pytest.mark.dune

SETS = "module S = Set.Make (Int)\nmodule M = Map.Make (String)\n"
DOWN = "module S = Set.Make (struct type t = int let compare a b = Int.compare b a end)\n"
FETCH = (
    "let fetch (u : string) k : unit = k (String.length u)\nlet save (u : string) ~after : unit = after (ignore u)\n"
)
GIVEN = "let get (n : int) = n\nlet save (_ : string) = ()\n"
TOKEN = "type kind = A of int | B\ntype t = { kind : kind; line : int }\ntype pair = kind * int\n"
TASK = "module T = struct type 'a t = T of 'a let return x = T x let bind (T x) f = f x end\n"
FIND = "let find k : string option T.t = T.return (Some k)\nlet drop (_ : string) : unit T.t = T.return ()\n"
STAR = f"{TASK}{FIND}let ( let* ) = T.bind\n"
LOAD = "module L = struct exception No of string let load k = if k < 0 then Error (string_of_int k) else Ok k end\n"
USERS = 'module U = struct type t = { name : string } let find k = if k < 0 then None else Some { name = "a" } end\n'
USERS += 'let g k = match U.find k with Some user -> user.U.name | None -> ""\n'

STORE = 'module S = struct let find k = if k = "" then None else Some k end\n'
SEATS = (
    "module S = struct\n  type error = Gone of int * int | Shut\n"
    "  let take (a, b) = if a > b then Error (Gone (a, b)) else if a = b then Error Shut else Ok a\nend\n"
)
CASES: dict[ModuleType, Sequence[tuple[str, str]]] = {
    sets_and_maps: [
        (
            SETS + "let f (m : int M.t) = List.fold_left (fun n (_, v) -> n + v) 0 m",
            SETS + "let f (m : int M.t) = M.fold (fun _ v n -> n + v) m 0",
        ),
        (
            SETS + "let f (m : int M.t) = m |> List.iter (fun (k, v) -> print_string k; print_int v)",
            SETS + "let f (m : int M.t) = m |> M.iter (fun k v -> print_string k; print_int v)",
        ),
        (
            SETS + "let f (m : int M.t) = m |> List.fold_left (fun n (_, v) -> n + v) 0",
            SETS + "let f (m : int M.t) = M.fold (fun _ v n -> n + v) m 0",
        ),
        (
            SETS + "let f (s : S.t) = List.fold_left (fun n x -> n + x) 0 s + List.length s",
            SETS + "let f (s : S.t) = S.fold (fun x n -> n + x) s 0 + S.cardinal s",
        ),
        (SETS + "let f s x = S.mem x s, (x + 1) :: s", SETS + "let f s x = S.mem x s, S.add (x + 1) s"),
        (SETS + "let f x = S.add x []", SETS + "let f x = S.add x S.empty"),
        (SETS + "let f x = S.union [ x ]", SETS + "let f x = S.union (S.singleton x)"),
        (SETS + "let f (s : S.t) = s = []", SETS + "let f (s : S.t) = S.is_empty s"),
        (SETS + "let f (s : S.t) = List.sort compare s", SETS + "let f (s : S.t) = S.elements s"),
        (
            DOWN + "let f (s : S.t) = List.sort compare s, (s |> List.sort compare)",
            DOWN + "let f (s : S.t) = List.sort compare (S.elements s), (s |> S.elements |> List.sort compare)",
        ),
    ],
    continuations: [
        (FETCH + 'let f k = let n = fetch "a" in k (n + 1)', FETCH + 'let f k = fetch "a" (fun n -> k (n + 1))'),
        (
            FETCH + 'let f k = save "a"; save "b"; k ()',
            FETCH + 'let f k = save "a" ~after:(fun () -> save "b" ~after:(fun () -> k ()))',
        ),
        (
            FETCH + 'let f k = match fetch "a" with 0 -> k 1 | n -> k n',
            FETCH + 'let f k = fetch "a" (function 0 -> k 1 | n -> k n)',
        ),
        (
            'let get (_ : string) = 1\nlet f k = get "a" (fun n -> k n)',
            'let get (_ : string) = 1\nlet f k = let n = get "a" in k n',
        ),
        (
            GIVEN + 'let f c k = if c then save "a" (fun () -> k ())',
            GIVEN + 'let f c k = if c then (save "a"; k ())',
        ),
        (
            GIVEN + "let f = function 0 -> get 1 (function 1 -> 2 | n -> n) | _ -> 1",
            GIVEN + "let f = function 0 -> (match get 1 with 1 -> 2 | n -> n) | _ -> 1",
        ),
        (
            GIVEN + "let f = function 0 -> print_int 1; get 1 (fun n -> match n with 1 -> 2 | n -> n) | _ -> 1",
            GIVEN + "let f = function 0 -> print_int 1; (let n = get 1 in match n with 1 -> 2 | n -> n) | _ -> 1",
        ),
        (
            GIVEN + "let f = function 0 -> get 1 (fun n -> n) | _ -> 1",
            GIVEN + "let f = function 0 -> let n = get 1 in n | _ -> 1",
        ),
        (GIVEN + "let f k = get k (fun n -> n) + 2", GIVEN + "let f k = (let n = get k in n) + 2"),
    ],
    patterns_of_parts: [
        (
            TOKEN + "let f (l : t list) = match l with [] -> 0 | A n :: _ -> n | B :: _ -> 1",
            TOKEN
            + "let f (l : t list) = match l with [] -> 0 | { kind = A n; _ } :: _ -> n | { kind = B; _ } :: _ -> 1",
        ),
        (
            TOKEN + "let f (p : pair list) = match p with (A _ | B) :: _ -> 1 | [] -> 0",
            TOKEN + "let f (p : pair list) = match p with ((A _ | B), _) :: _ -> 1 | [] -> 0",
        ),
        (
            TOKEN + "let f (t : t) = match t with A n -> n | B -> 1",
            TOKEN + "let f (t : t) = match t.kind with A n -> n | B -> 1",
        ),
        (TOKEN + "let f (t : t) = t = B", TOKEN + "let f (t : t) = t.kind = B"),
    ],
    variant_tags: [
        (
            "let say = function `No -> 0 | `Yes -> 1\nlet f n = say (if n > 0 then `No n else `Yes)",
            "let say = function `No _ -> 0 | `Yes -> 1\nlet f n = say (if n > 0 then `No n else `Yes)",
        ),
    ],
    constructor_arity: [
        (
            "type e = Gone of int\nlet f = function Ok n -> n | Error Gone -> 0",
            "type e = Gone of int\nlet f = function Ok n -> n | Error (Gone _) -> 0",
        ),
        (
            "type line = int\ntype t = Use of line * string\nlet f lineno w = print_int lineno; Use (w ^ w)",
            "type line = int\ntype t = Use of line * string\nlet f lineno w = print_int lineno; Use (lineno, w ^ w)",
        ),
    ],
    binding_operators: [
        (
            STAR + "let f a = match find a with Some x -> drop x | None -> T.return ()",
            STAR + "let f a = let* found = find a in match found with Some x -> drop x | None -> T.return ()",
        ),
        (
            TASK + FIND + "let f a = match find a with Some x -> drop x | None -> T.return ()",
            TASK
            + FIND
            + "let f a = T.bind (find a) (fun found -> match found with Some x -> drop x | None -> T.return ())",
        ),
        (
            STAR + "let f a = T.return (Option.get (find a))",
            STAR + "let f a = let* found = find a in T.return (Option.get found)",
        ),
    ],
    exceptions_and_results: [
        (
            LOAD + "let f k = try string_of_int (succ (L.load k)) with L.No why -> why",
            LOAD + "let f k = match L.load k with Ok value -> string_of_int (succ value) | Error why -> why",
        ),
        (
            LOAD
            + "let f g k =\n  try g (L.load k) with\n  | L.No why ->\n    print_string why\nlet () = f print_int 1",
            LOAD
            + "let f g k =\n  match L.load k with\n  | Ok value -> g value\n  | Error why ->\n    print_string why\n"
            + "let () = f print_int 1",
        ),
        (
            USERS + 'let f k = try "- " ^ (U.find k).name with Not_found -> "-"',
            USERS + 'let f k = match U.find k with Some user -> "- " ^ user.name | None -> "-"',
        ),
        (
            STORE
            + "let f k =\n  try S.find k\n  with Not_found ->\n    let made = k ^ k in\n    print_string k;\n    made",
            STORE
            + "let f k =\n  match S.find k with\n  | Some made -> made\n  | None ->\n    let made = k ^ k in\n"
            + "    print_string k;\n    made",
        ),
        (
            SEATS + "let f s = match S.take s with n -> Some n | exception (S.Gone _ | S.Shut) -> None",
            SEATS + "let f s = match S.take s with Ok n -> Some n | Error (S.Gone _ | S.Shut) -> None",
        ),
        (
            SEATS + "let f s = match S.take s with n -> n | exception S.Gone _ -> 0 | exception S.Shut -> 1",
            SEATS + "let f s = match S.take s with Ok n -> n | Error (S.Gone _) -> 0 | Error S.Shut -> 1",
        ),
        (
            SEATS + "let f s = 1 + (try S.take s with S.Gone (a, _) -> a | S.Shut -> 1)",
            SEATS + "let f s = 1 + (match S.take s with Ok a -> a | Error (S.Gone (a, _)) -> a | Error S.Shut -> 1)",
        ),
        (
            'let f ic = match In_channel.input_line ic with "" | "-" -> 0 | _ -> 1 | exception End_of_file -> 2',
            'let f ic = match In_channel.input_line ic with Some ("" | "-") -> 0 | Some _ -> 1 | None -> 2',
        ),
    ],
}


@pytest.mark.parametrize("family", CASES, ids=lambda family: family.__name__.rpartition(".")[2])
async def test_uses_follow(family: ModuleType, tmp_path: Path, strict_typing: Typing) -> None:
    await check_best(family, CASES[family], tmp_path, typing=strict_typing)  # type: ignore[arg-type]


async def test_a_call_is_taken_out_of_a_try_where_it_comes_first(tmp_path: Path, strict_typing: Typing) -> None:
    sources = {
        "branch.ml": LOAD + "let f c k = try if c then succ (L.load k) else 1 with L.No _ -> 0",
        "later.ml": LOAD + 'let f k = try print_string "x"; succ (L.load k) with L.No _ -> 0',
        "both.ml": LOAD + "let f k = try let a = L.load k and b = int_of_string k in a + b with L.No _ -> 0",
        "raises.ml": USERS + 'let f k = try List.assoc (U.find k).name [] with Not_found -> "-"',
        "sure.ml": USERS + 'let f k = try "- " ^ (U.find k).name with Not_found -> "-"',
        "own.ml": LOAD + "let f k = try string_of_int (succ (L.load k)) with L.No why -> why",
    }
    kinds = {}
    for problem in await problems(sources, tmp_path, strict_typing):
        found = await exceptions_and_results.candidates(problem)
        kinds[problem.diagnostic.path] = [one.kind for one in found if one.title.endswith("does not raise")]
    assert kinds == {
        "branch.ml": [],
        "later.ml": [],
        "both.ml": [],
        "raises.ml": [Kind.GUESS],
        "sure.ml": [Kind.FIX],
        "own.ml": [Kind.FIX],
    }


async def test_compilers_that_quote_no_code_say_that_an_exception_is_expected(
    tmp_path: Path, strict_typing: Typing
) -> None:
    text = SEATS + "let f s = match S.take s with n -> n | exception S.Gone _ -> 0 | exception S.Shut -> 1\n"
    [problem] = await problems({"a.ml": text}, tmp_path, strict_typing)
    plain = problem.diagnostic.message.replace('"', "")
    assert plain != problem.diagnostic.message
    found = await exceptions_and_results.candidates(
        evolve(problem, diagnostic=evolve(problem.diagnostic, message=plain))
    )
    assert [one.title for one in found] == ["It answers with `Error` now"]
