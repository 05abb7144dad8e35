"""Fields, callbacks, cells and private types that a project's other modules have otherwise now."""

from pathlib import Path

import pytest

from lsp_aid.domain.proposal import Level
from tests.support.requires import require
from tests.support.whole_projects import proposals

pytestmark = pytest.mark.dune
TYPES = {
    "config.ml": "type http = { host : string; port : int }\ntype t = { name : string; http : http }\n",
    "table.ml": "let iter f t = List.iteri f t\n",
    "stats.mli": "val hits : int Atomic.t\n",
    "stats.ml": "let hits = Atomic.make 0\n",
    "id.mli": "type t = private int\n",
    "id.ml": "type t = int\n",
    "ctx.mli": "type t\n\nval make : string -> t\nval note : t -> string -> unit\n",
    "ctx.ml": "type t = string\n\nlet make s = s\nlet note t s = print_string (t ^ s)\n",
    "db.ml": "let query ctx sql = Ctx.note ctx sql; [ sql ]\n",
    "store.ml": "module type STORE = sig\n  val find : string -> string\nend\n",
    "window.ml": "type t = { title : string; width : int }\n\nmodule Frame = struct\n  type t = int\nend\n",
    "align.ml": "let pad = function `Left -> 1 | `Right -> 2\n",
    "widget.ml": "class type widget = object\n  method name : string\n  method render : int -> int\nend\n",
    "expr.ml": "type _ t = I : int -> int t | B : bool -> bool t\n",
    "err.ml": "exception Not_there of string\n",
}
BEFORE_AND_AFTER = [
    (
        'let f (c : Config.t) = Printf.sprintf "%s:%d" c.host c.port',
        'let f (c : Config.t) = Printf.sprintf "%s:%d" c.http.host c.http.port',
    ),
    (
        "let f t = Table.iter (fun row -> print_string row) t\nlet g t = Table.iter (fun s -> print_endline s) t",
        "let f t = Table.iter (fun _ row -> print_string row) t\nlet g t = Table.iter (fun _ s -> print_endline s) t",
    ),
    (
        "let f () = incr Stats.hits; !Stats.hits\nlet g () = Stats.hits := 0",
        "let f () = Atomic.incr Stats.hits; Atomic.get Stats.hits\nlet g () = Atomic.set Stats.hits 0",
    ),
    ("let f (i : Id.t) = i + 1", "let f (i : Id.t) = (i :> int) + 1"),
    (
        'let f ctx = Ctx.note ctx "f"; List.length (Db.query "a" @ Db.query "b")',
        'let f ctx = Ctx.note ctx "f"; List.length (Db.query ctx "a" @ Db.query ctx "b")',
    ),
    (
        'module F (S : Store.STORE) = struct let x = S.get "x" end',
        'module F (S : Store.STORE) = struct let x = S.find "x" end',
    ),
    (
        'let f = { Window.title = "a"; width = 3; border = 1 }\nlet g = { Window.title = "b"; width = 4; border = 2 }',
        'let f = { Window.title = "a"; width = 3 }\nlet g = { Window.title = "b"; width = 4 }',
    ),
    ("let f (x : Window.frame) = x", "let f (x : Window.Frame.t) = x"),
    ("let f () = Align.pad Align.Left, Align.pad Align.Right", "let f () = Align.pad `Left, Align.pad `Right"),
    ("let f (w : Widget.widget) = w#draw 80", "let f (w : Widget.widget) = w#render 80"),
    ("module type S = Store.S", "module type S = Store.STORE"),
    (
        "open Expr\n\nlet f e = match e with I n -> n | B b -> b",
        "open Expr\n\nlet f : type a. a t -> a = fun e -> match e with I n -> n | B b -> b",
    ),
    ('let f () = raise (Err.Missing "x")', 'let f () = raise (Err.Not_there "x")'),
]


async def test_one_proposal_brings_all_files_along(tmp_path: Path) -> None:
    require("dune")
    before = {f"case_{n}.ml": f"{old}\n" for n, (old, _) in enumerate(BEFORE_AND_AFTER)}
    best = (await proposals({**TYPES, **before}, tmp_path))[0]
    assert best.verdict.level is Level.VERIFIED
    assert best.changes.texts == {f"case_{n}.ml": f"{new}\n" for n, (_, new) in enumerate(BEFORE_AND_AFTER)}
