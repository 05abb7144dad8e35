"""Calls that no longer fit, constructors that carry more, functions that have a neighbour: typed repairs."""

from pathlib import Path

import pytest

from lsp_aid.domain.proposal import Level
from lsp_aid.repair.type_shapes import Type, fits, parameters, read
from tests.support.requires import require
from tests.support.whole_projects import proposals

STORE = """let find ~key ~default t = Option.value ~default (List.assoc_opt key t)
let get (t : (string * int) list) (key : string) = List.assoc key t
let show key = print_endline key
let point (x, y) = x + y
let turn x y = x - y
let late ?(port = 80) () = port
"""
CASES = {
    "labels": ('let f t : int = Store.find "a" 0 t', 'let f t : int = Store.find ~key:"a" ~default:0 t'),
    "turned": ('let f t = Store.get "a" t + Store.get "b" t', 'let f t = Store.get t "a" + Store.get t "b"'),
    "less": ('let f () = Store.show ~key:"a"', 'let f () = Store.show "a"'),
    "too_many": ('let f () = Store.show "a" "b"', 'let f () = Store.show "b"'),
    "tuple": ("let f = Store.point 1 2", "let f = Store.point (1, 2)"),
    "apart": ("let f = Store.turn (1, 2)", "let f = Store.turn 1 2"),
    "standard": ("let f xs = List.map xs (fun x -> x + 1)", "let f xs = List.map (fun x -> x + 1) xs"),
    "neighbour": (
        "let f (s : string list) : string list = List.map (String.split_on_char ' ') s",
        "let f (s : string list) : string list = List.concat_map (String.split_on_char ' ') s",
    ),
    "option": (
        'let f (t : (string, int) Hashtbl.t) = match Hashtbl.find t "a" with Some n -> n | None -> 0',
        'let f (t : (string, int) Hashtbl.t) = match Hashtbl.find_opt t "a" with Some n -> n | None -> 0',
    ),
    "joined": (
        "let rec flat = function [] -> [] | xs :: rest -> xs :: flat rest\nlet all : int list = flat [ [ 1 ] ]",
        "let rec flat = function [] -> [] | xs :: rest -> xs @ flat rest\nlet all : int list = flat [ [ 1 ] ]",
    ),
    "pattern": (
        "type t = A of int * int | B\nlet f = function A n -> n | B -> 0",
        "type t = A of int * int | B\nlet f = function A (n, _) -> n | B -> 0",
    ),
    "branch": ("let f x = if x > 0 then 1", "let f x = if x > 0 then 1 else 0"),
    "tag": (
        "let f (c : [ `A | `B ]) = match c with `A -> 1 | `B -> 2 | `C -> 3",
        "let f (c : [ `A | `B | `C ]) = match c with `A -> 1 | `B -> 2 | `C -> 3",
    ),
    "misspelt_tag": ("let f (x : [ `Left | `Right ]) = x\nlet g = f `Lfet", None),
    "gadt": (
        "type _ t = I : int -> int t | B : bool -> bool t\nlet f e = match e with I n -> n | B b -> b",
        (
            "type _ t = I : int -> int t | B : bool -> bool t\nlet f : type a. a t -> a = fun e -> "
            "match e with I n -> n | B b -> b"
        ),
    ),
    "gadt_with_a_value": (
        "type _ t = I : int t | S : string t\nlet f t v = match t with I -> string_of_int v | S -> v",
        (
            "type _ t = I : int t | S : string t\nlet f : type a. a t -> a -> string = fun t v -> "
            "match t with I -> string_of_int v | S -> v"
        ),
    ),
    "functor": (
        "module K = struct type t = int end\nmodule M = Map.Make (K)",
        "module K = struct type t = int let compare = compare end\nmodule M = Map.Make (K)",
    ),
}


@pytest.mark.dune
async def test_one_proposal_brings_every_file_to_what_is_there_now(tmp_path: Path) -> None:
    require("dune")
    before = {f"a_{name}.ml": f"{text}\n" for name, (text, _) in CASES.items()}
    best = (await proposals({"store.ml": STORE, **before}, tmp_path))[0]
    assert best.verdict.level is Level.VERIFIED
    wanted = {name: after or text.replace("`Lfet", "`Left") for name, (text, after) in CASES.items()}
    assert best.changes.texts == {f"a_{name}.ml": f"{after}\n" for name, after in wanted.items()}


@pytest.mark.dune
async def test_what_a_new_argument_is_may_be_seen_in_another_file(tmp_path: Path) -> None:
    require("dune")
    texts = {
        "log.ml": 'let write level text = print_endline (level ^ ": " ^ text)\n',
        "a.ml": 'let a () = Log.write "starting"\nlet all : (unit -> unit) list = [ a ]\n',
        "b.ml": 'let b () = Log.write "info" "five"\n',
        "c.ml": 'let c () : unit = Log.write "one"\nlet d level : unit = Log.write level\n',
    }
    best = (await proposals(texts, tmp_path))[0]
    assert best.changes.texts == {
        "a.ml": 'let a () = Log.write "info" "starting"\nlet all : (unit -> unit) list = [ a ]\n',
        "c.ml": 'let c () : unit = Log.write "info" "one"\nlet d level : unit = Log.write "info" level\n',
    }


@pytest.mark.parametrize(
    ("left", "right", "can_be_the_same"),
    [
        ("int", "int", True),
        ("int", "string", False),
        ("'a list", "int list", True),
        ("'a -> 'a", "int -> string", False),
        ("Store.t", "t", True),
        ("Store.t", "Log.t", False),
        ("?port:int -> unit -> int", "?port:int -> unit -> int", True),
        ("x:int -> int", "y:int -> int", False),
        ("(int, 'a) Hashtbl.t", "(int, string list) Hashtbl.t", True),
        ("int * string", "int * string * bool", False),
    ],
)
def test_types_that_fit(left: str, right: str, can_be_the_same: bool) -> None:
    assert fits(read(left), read(right)) is can_be_the_same


def test_what_a_function_takes() -> None:
    takes, gives = parameters(read("?sep:string -> key:'a -> ('a -> int * bool) -> 'a list"))
    assert [taken.label for taken in takes] == ["?sep", "~key", ""]
    assert gives == Type("list", (Type("'a"),))


@pytest.mark.dune
async def test_dune_files_and_interfaces_that_lag_behind(tmp_path: Path) -> None:
    require("dune")
    texts = {
        "dune": "(library\n (name project)\n (modules a weak weak_user kept))\n",
        "a.ml": "let x = Helper.y\n",
        "helper.ml": "let y = 1\n",
        "weak.ml": "let id_all = List.map (fun x -> x)\n",
        "weak.mli": "val id_all : 'a list -> 'a list\n",
        "kept.ml": "let crop text ~width = String.sub text 0 width\n",
        "kept.mli": "val crop : string -> int -> string\n",
        "weak_user.ml": "let f text = Kept.crop text ~width:3\n",
    }
    best = (await proposals(texts, tmp_path))[0]
    assert best.changes.texts == {
        "dune": "(library\n (name project)\n (modules a weak weak_user kept helper))\n",
        "weak.ml": "let id_all xs = List.map (fun x -> x) xs\n",
        "kept.mli": "val crop : string -> width:int -> string\n",
    }
