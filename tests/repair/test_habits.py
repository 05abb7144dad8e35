"""What people write who think of another language, of another library, or of an older text of the project."""

from pathlib import Path
from types import ModuleType

import pytest

from lsp_aid.domain.ports import Typing
from lsp_aid.repair import (
    bound_pairs,
    names_of_base,
    negations,
    packed_modules,
    ported_calls,
    type_arguments,
    updates_dropped,
)
from tests.support.one_liners import check_best, check_none
from tests.support.whole_projects import changed

pytestmark = pytest.mark.dune

S = "module type S = sig val name : string end\n"
T = (
    "module type T = sig type t val show : t -> string end\n"
    "module N = struct type t = int let show = string_of_int end\n"
    "let show (type a) (module X : T with type t = a) (x : a) = X.show x\n"
)
LISTS = (
    "module List = struct\n  let map l ~f = Stdlib.List.map f l\n  let find l ~f = Stdlib.List.find_opt f l\n"
    "  let find_exn l ~f = Stdlib.List.find f l\n  let fold l ~init ~f = Stdlib.List.fold_left f init l\n"
    "  let iteri l ~f = Stdlib.List.iteri (fun index x -> f ~index x) l\nend\n"
)
PAIR = "let length = String.length let split s = (s + 1, string_of_int s)\n"
SET = "module M = Set.Make (Int)\n"
CASES = {
    negations: [
        ("let f (a : bool) = if !a then 1 else 2", "let f (a : bool) = if not a then 1 else 2"),
        ("let f (a : bool) = string_of_bool !a", "let f (a : bool) = string_of_bool (not a)"),
        ("let f a = if !(List.mem 1 a) then 1 else 2", "let f a = if not (List.mem 1 a) then 1 else 2"),
        ("let f a = if !List.mem 1 a then 1 else 2", "let f a = if not (List.mem 1 a) then 1 else 2"),
    ],
    updates_dropped: [
        (f"{SET}let f r = M.add 1 !r; M.cardinal !r", f"{SET}let f r = r := M.add 1 !r; M.cardinal !r"),
        ("let f r x = x :: !r; List.length !r", "let f r x = r := x :: !r; List.length !r"),
        (
            f"{SET}let f r = if M.is_empty !r then M.add 1 !r; M.cardinal !r",
            f"{SET}let f r = if M.is_empty !r then (r := M.add 1 !r); M.cardinal !r",
        ),
        (
            f"{SET}type t = {{ mutable all : M.t }}\nlet f t = M.remove 1 t.all; t",
            f"{SET}type t = {{ mutable all : M.t }}\nlet f t = t.all <- M.remove 1 t.all; t",
        ),
    ],
    ported_calls: [
        (
            f"{LISTS}let f xs = List.fold_left ( + ) 0 (List.map succ xs)",
            f"{LISTS}let f xs = List.fold (List.map xs ~f:succ) ~init:0 ~f:( + )",
        ),
        (
            f"{LISTS}let g f xs = xs |> List.map f |> List.find Fun.id",
            f"{LISTS}let g f xs = xs |> List.map ~f |> List.find_exn ~f:Fun.id",
        ),
        (
            f"{LISTS}let g xs = List.iteri (fun i x -> print_string x; print_int i) xs",
            f"{LISTS}let g xs = List.iteri xs ~f:(fun ~index:i x -> print_string x; print_int i)",
        ),
        (
            'open StdLabels\nlet f s = String.concat "," [ String.sub s 0 3 ]',
            'open StdLabels\nlet f s = String.concat ~sep:"," [ String.sub s ~pos:0 ~len:3 ]',
        ),
    ],
    names_of_base: [
        ("let f o = Option.value_map o ~default:0 ~f:succ", "let f o = Option.fold o ~none:0 ~some:succ"),
        ('let f o = Option.value_exn o + Int.of_string "1"', 'let f o = Option.get o + int_of_string "1"'),
        ("let f xs = List.fold xs ~init:0 ~f:( + )", "let f xs = List.fold_left ( + ) 0 xs"),
        ("let f s = String.split (String.strip s) ~on:','", "let f s = String.split_on_char ',' (String.trim s)"),
        ("let f ~prefix s = String.is_prefix s ~prefix", "let f ~prefix s = String.starts_with s ~prefix"),
        (
            "let f s = String.split s ~on:',' |> List.map ~f:String.strip\nlet g t = List.for_all t ~f:String.is_empty",
            (
                "let f s = String.split_on_char ',' s |> List.map String.trim\n"
                'let g t = List.for_all (fun s -> s = "") t'
            ),
        ),
        (
            "let f t = Hashtbl.fold t ~init:0 ~f:(fun ~key:_ ~data n -> n + data), Hashtbl.keys t",
            "let f t = Hashtbl.fold (fun _ data n -> n + data) t 0, List.of_seq (Hashtbl.to_seq_keys t)",
        ),
        ("let f xs = List.mem xs 1 ~equal:Int.equal", "let f xs = List.mem 1 xs"),
        (
            "let f s = if not (String.is_empty s) && Char.is_digit s.[0] then String.prefix s 1 else s",
            (
                "let f s = if not (s = \"\") && (match s.[0] with '0' .. '9' -> true | _ -> false) then "
                "String.sub s 0 1 else s"
            ),
        ),
        ("let f = List.filter ~f:Char.is_digit", "let f = List.filter (function '0' .. '9' -> true | _ -> false)"),
        ("let f = In_channel.read_all stdin", "let f = In_channel.input_all stdin"),
    ],
    type_arguments: [
        ("type 'a t = L | N of t * 'a * t", "type 'a t = L | N of 'a t * 'a * 'a t"),
        ("type ('a, 'b) t = L | N of 'a * 'b * t list", "type ('a, 'b) t = L | N of 'a * 'b * ('a, 'b) t list"),
        ("type 'a t = N of 'a u and 'a u = M of t", "type 'a t = N of 'a u and 'a u = M of 'a t"),
    ],
    packed_modules: [
        (
            f"{S}let f (module X : S) = X.name\nlet g p = p.name",
            f"{S}let f (module X : S) = X.name\nlet g (module X : S) = X.name",
        ),
        (
            f"{T}let f () = show (module N : T) 1",
            f"{T}let f () = show (module N) 1",
        ),
        (
            f"{T}let n = (module N : T)\nlet f () = show n 1",
            f"{T}let n = (module N : T with type t = N.t)\nlet f () = show n 1",
        ),
        (
            f"{T}let f : (module T) list = [ (module N : T with type t = int) ]",
            f"{T}let f : (module T) list = [ (module N : T) ]",
        ),
    ],
    bound_pairs: [
        (
            f"{PAIR}let f n = let text, m = split n in m + length text",
            f"{PAIR}let f n = let m, text = split n in m + length text",
        ),
        (f"{PAIR}let f n = let _, m = split n in m + 1", f"{PAIR}let f n = let m, _ = split n in m + 1"),
        (
            f"{PAIR}let f n = let m, text = split n in let k = split (m + length text) in k + length text",
            f"{PAIR}let f n = let m, text = split n in let k, text = split (m + length text) in k + length text",
        ),
        (f"{PAIR}let f n = let m = split n in m + 1", f"{PAIR}let f n = let m, _ = split n in m + 1"),
    ],
}


@pytest.mark.parametrize("family", CASES, ids=lambda family: family.__name__.rpartition(".")[2])
async def test_the_likeliest_edit_brings_it_to_what_is_here(
    family: ModuleType, tmp_path: Path, strict_typing: Typing
) -> None:
    await check_best(family, CASES[family], tmp_path, typing=strict_typing)  # type: ignore[arg-type]


async def test_what_is_none_of_them_is_left_alone(tmp_path: Path) -> None:
    sources = ["let f a = !(a + 1)", "let f a = !a + String.length a", "let f () = List.fold_map [ 1 ]"]
    for family in (negations, names_of_base, updates_dropped):
        await check_none(family, sources, tmp_path / family.__name__)  # type: ignore[arg-type]


LOG = "type level = Info | Warning\nlet write level text = print_endline ((if level = Info then {} else {}) ^ text)\n"
EVENT = "type t = Click of int * int | Key of { code : int }\nlet click x y = Click (x, y)\n"
SETS = "module Names = Set.Make (String)\nmodule Prices = Map.Make (String)\n"
SETS += "type t = { names : Names.t; prices : int Prices.t }\n"
BROUGHT = {
    "a.ml": (
        'let f texts = Log.info "a"; List.iter Log.warn texts\n',
        'let f texts = Log.write Log.Info "a"; List.iter (Log.write Log.Warning) texts\n',
    ),
    "b.ml": (
        "let f = function Event.Click { y; _ } -> y | Event.Key _ -> 0\nlet g = Event.Click { y = 2; x = 1 }\n",
        "let f = function Event.Click (_, y) -> y | Event.Key _ -> 0\nlet g = Event.Click (1, 2)\n",
    ),
    "c.ml": (
        'open Sets\nlet f t = if List.mem "a" t.names then List.length t.names else List.assoc "a" t.prices\n',
        'open Sets\nlet f t = if Names.mem "a" t.names then Names.cardinal t.names else Prices.find "a" t.prices\n',
    ),
    "d.ml": (
        'let f t = String.concat ", " t.Sets.names\n',
        'let f t = String.concat ", " (Sets.Names.elements t.Sets.names)\n',
    ),
}


async def test_every_file_is_brought_to_what_a_module_is_now(tmp_path: Path) -> None:
    modules = {"log.ml": LOG.format('"- "', '"! "'), "event.ml": EVENT, "sets.ml": SETS}
    texts = {**modules, **{path: before for path, (before, _) in BROUGHT.items()}}
    assert await changed(texts, tmp_path) == {path: after for path, (_, after) in BROUGHT.items()}
