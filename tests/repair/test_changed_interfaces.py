"""Types, constructors and interfaces that changed around a file: one proposal brings everything along."""

from pathlib import Path

import pytest

from lsp_aid.domain.proposal import Level
from tests.support.requires import require
from tests.support.whole_projects import proposals

pytestmark = pytest.mark.dune
TYPES = {
    "money.mli": "type t\n\nval of_cents : int -> t\nval to_cents : t -> int\n",
    "money.ml": "type t = int\n\nlet of_cents n = n\nlet to_cents n = n\n",
    "level.ml": "type t = Debug | Info\n\nlet show = function Debug -> 1 | Info -> 2\n",
    "ast.ml": "type t = Name of string | Number of int\n",
    "event.ml": "type t = Key of { code : int; shift : bool } | Resize of int * int\n",
    "user.ml": "type t = { name : string; email : string option }\n",
    "mailer.ml": "type mail = { about : string; body : string }\n\nlet send { about; body } = about ^ body\n",
    "span.ml": "type t = { first : int; last : int }\n\nlet widen t = { t with last = t.last + 1 }\n",
    "sorting.ml": "type order = Ascending | Descending\n\nlet by ~order xs = if order = Ascending then xs else []\n",
    "date.ml": "type t = { year : int; day : int }\n\nlet make year day = { year; day }\nlet show t s = (t.day, s)\n",
    "fold.ml": "let over f acc xs = List.fold_left f acc (List.map String.length xs)\n",
    "reader.ml": 'let next n = (n + 1, n > 3)\nlet decode s = if s = "" then Error "empty" else Ok 1\n',
}
BEFORE_AND_AFTER = [
    ("let f (p : Money.t) = p + 1", "let f (p : Money.t) = Money.to_cents p + 1"),
    ("let f g = g (1 : Money.t)", "let f g = g (Money.of_cents 1 : Money.t)"),
    (
        "let f (ps : Money.t list) = List.fold_left (fun sum p -> sum + p) 0 ps",
        "let f (ps : Money.t list) = List.fold_left (fun sum p -> sum + Money.to_cents p) 0 ps",
    ),
    ("let f n = Reader.next n + 1", "let f n = fst (Reader.next n) + 1"),
    (
        "let f s = match Reader.decode s with Some n -> n | None -> 0",
        "let f s = match Reader.decode s with Ok n -> n | Error _ -> 0",
    ),
    ('let f () = Level.show "info"', "let f () = Level.show Level.Info"),
    ('let f = function Ast.Ident x -> x | Ast.Number _ -> ""', 'let f = function Ast.Name x -> x | Ast.Number _ -> ""'),
    ("let f = Event.Key (13, false)", "let f = Event.Key { code = 13; shift = false }"),
    (
        "let f = function Event.Key (code, _) -> code | Event.Resize _ -> 0",
        "let f = function Event.Key { code; _ } -> code | Event.Resize _ -> 0",
    ),
    ('let f b = Mailer.send ~about:"x" ~body:b', 'let f b = Mailer.send { Mailer.about = "x"; body = b }'),
    (
        "let f s = let a, b = Span.widen s in a + b",
        "let f s = let { Span.first = a; last = b } = Span.widen s in a + b",
    ),
    ("let f s = fst (Span.widen s)", "let f s = (Span.widen s).Span.first"),
    ("let f xs = Sorting.by ~descending:false xs", "let f xs = Sorting.by ~order:Sorting.Ascending xs"),
    ('let f () = Date.show 2024 5 "x"', 'let f () = Date.show (Date.make 2024 5) "x"'),
    ("let f t = Date.year t + 1", "let f t = t.Date.year + 1"),
    ("let f t y = Date.with_year t y", "let f t y = { t with Date.year = y }"),
    ('let f s = s <> "" && Reader.decode s', 'let f s = s <> "" && Result.is_ok (Reader.decode s)'),
    (
        'let f xs = Fold.over (fun x sum -> sum ^ string_of_int x) "" xs',
        'let f xs = Fold.over (fun sum x -> sum ^ string_of_int x) "" xs',
    ),
    ('let f s = String.is_prefix ~prefix:"a" s', 'let f s = String.starts_with ~prefix:"a" s'),
    ('let f : User.t = { name = "ada" }', 'let f : User.t = { name = "ada"; email = None }'),
    (
        "module type S = sig val close : unit -> unit end\nmodule M : S = struct let closed () = () end",
        "module type S = sig val close : unit -> unit end\nmodule M : S = struct let close () = () end",
    ),
]


async def test_one_proposal_brings_all_files_along(tmp_path: Path) -> None:
    require("dune")
    before = {f"case_{n}.ml": f"{old}\n" for n, (old, _) in enumerate(BEFORE_AND_AFTER)}
    best = (await proposals({**TYPES, **before}, tmp_path))[0]
    assert best.verdict.level is Level.VERIFIED
    assert best.changes.texts == {f"case_{n}.ml": f"{new}\n" for n, (_, new) in enumerate(BEFORE_AND_AFTER)}


async def test_an_interface_and_its_implementation_are_brought_together(tmp_path: Path) -> None:
    require("dune")
    texts = {
        "items.mli": "type 'a t\n\nval empty : 'a t\nval length : 'a t -> int\n",
        "items.ml": "type 'a t = 'a list\n\nlet empty = []\nlet size items = List.length items\n",
        "units.mli": "val metres : float -> float\nval feet : float -> float\n",
        "units.ml": "let metres feet = feet *. 0.3048\n",
        "lock.mli": "exception Locked of string\n\nval take : string -> unit\n",
        "lock.ml": "exception Locked\n\nlet take name = raise (Locked name)\n",
        "tree.mli": "type t\n\nval leaf : 'a t\n",
        "graph.mli": "val empty : t\n",
        "graph.ml": "type t = (int * int) list\n\nlet empty = []\n",
        "table.mli": "val find : string -> (string * int) list -> int\n",
        "table.ml": "let find key list = List.assoc_opt key list\n",
        "tree.ml": "type 'a t = Leaf | Node of 'a t * 'a\n\nlet leaf = Leaf\nlet _ = Node (Leaf, 1)\n",
    }
    best = (await proposals(texts, tmp_path))[0]
    assert best.verdict.level is Level.VERIFIED
    assert best.changes.texts == {
        "items.ml": "type 'a t = 'a list\n\nlet empty = []\nlet length items = List.length items\n",
        "units.mli": "val metres : float -> float\n",
        "lock.ml": "exception Locked of string\n\nlet take name = raise (Locked name)\n",
        "tree.mli": "type 'a t\n\nval leaf : 'a t\n",
        "graph.mli": "type t\n\nval empty : t\n",
        "table.mli": "val find : string -> (string * int) list -> int option\n",
    }


async def test_what_another_module_uses_stays_in_the_interface(tmp_path: Path) -> None:
    require("dune")
    texts = {
        "units.mli": "val metres : float -> float\nval feet : float -> float\n",
        "units.ml": "let metres feet = feet *. 0.3048\n",
        "user.ml": "let x = Units.feet 1.\n",
    }
    found = await proposals(texts, tmp_path)
    assert all("units.mli" not in one.changes.texts for one in found)


async def test_an_interface_tells_what_was_meant_in_an_implementation_that_is_in_error(tmp_path: Path) -> None:
    """It does not follow what happens to have a type."""
    require("dune")
    texts = {
        "total.mli": "val total : int list -> int\n",
        "total.ml": "let total xs = List.fold_left ( +. ) 0 xs\n",
    }
    best = (await proposals(texts, tmp_path))[0]
    assert best.changes.texts == {"total.ml": "let total xs = List.fold_left ( + ) 0 xs\n"}


async def test_a_program_is_mended_with_a_library_that_could_not_be_built_before(tmp_path: Path) -> None:
    """The type checker misses that library's module then, and says nothing of the program's error."""
    require("dune")
    texts = {
        "lib/dune": "(library (name users))\n",
        "lib/id.mli": "type t = private string\n\nval make : string -> t\n",
        "lib/id.ml": "type t = string\n\nlet make s = String.trim s\n",
        "lib/people.ml": 'let root : Id.t = "root"\nlet is_root (id : Id.t) = id = root\n',
        "bin/dune": "(executable (name main) (libraries users))\n",
        "bin/main.ml": "let () = print_string (string_of_bool (Users.People.is_root Sys.argv.(0)))\n",
    }
    best = (await proposals(texts, tmp_path))[0]
    assert best.verdict.level is Level.VERIFIED
    assert best.changes.texts == {
        "lib/people.ml": 'let root : Id.t = Id.make "root"\nlet is_root (id : Id.t) = id = root\n',
        "bin/main.ml": "let () = print_string (string_of_bool (Users.People.is_root (Users.Id.make Sys.argv.(0))))\n",
    }


async def test_the_same_is_lacking_in_two_modules_that_one_file_packs(tmp_path: Path) -> None:
    """The second error reads like the first, which is gone, in a file that no repair changes."""
    require("dune")
    texts = {
        "out.ml": "module type S = sig\n  val render : string list -> string\nend\n",
        "csv.ml": 'let print lines = String.concat "," lines\n',
        "tsv.ml": 'let print lines = String.concat "\\t" lines\n',
        "all.ml": "let all = [ (module Csv : Out.S); (module Tsv) ]\n",
    }
    best = (await proposals(texts, tmp_path))[0]
    assert best.verdict.level is Level.VERIFIED
    assert best.changes.texts == {
        "csv.ml": 'let render lines = String.concat "," lines\n',
        "tsv.ml": 'let render lines = String.concat "\\t" lines\n',
    }
