"""Modules that answer, take or hold something else now: one proposal brings along all that use them."""

from pathlib import Path

import pytest

from lsp_aid.domain.proposal import Level
from tests.support.requires import require
from tests.support.whole_projects import proposals

pytestmark = pytest.mark.dune
MODULES = {
    "mailer.ml": "let send ~about ~body = about ^ body\n",
    "contact.mli": "type t\n\nval make : string -> t\nval name : t -> string\n",
    "contact.ml": "type t = { name : string }\n\nlet make name = { name }\nlet name t = t.name\n",
    "conf.ml": 'exception Missing of string\n\nlet get k = if k = "" then raise (Missing k) else k\n',
    "store.ml": 'let find k = if k = "" then None else Some 1\n',
    "reader.ml": 'let next s = if s = "" then None else Some (1, s)\n',
    "pairs.ml": "let iter f xs = List.iter (fun (k, v) -> f (k, v + 1)) xs\n",
    "limits.ml": "let most = lazy (1 + 1)\n",
    "log.ml": "let now = Atomic.make 0\nlet level () = Atomic.get now\nlet set_level n = Atomic.set now n\n",
    "lru.ml": "module Make (K : Map.OrderedType) = struct\n  let one (k : K.t) = [ k ]\nend\n",
    "cache.ml": "type ('k, 'v) t = ('k, 'v) Hashtbl.t\n",
    "text_util.ml": "let words s = String.split_on_char ' ' s\n",
    "dir.ml": "type t = North | South\n\nlet turn = function North -> South | South -> North\n",
}
BEFORE_AND_AFTER = [
    (
        'let f who = Mailer.send { Mailer.about = who; body = "hi" }',
        'let f who = Mailer.send ~about:who ~body:"hi"',
    ),
    ("let f c = c.Contact.name", "let f c = Contact.name c"),
    (
        'let f k = match Conf.get k with Ok v -> v | Error _ -> ""',
        'let f k = match Conf.get k with v -> v | exception Conf.Missing _ -> ""',
    ),
    ("let f k = try Store.find k with Not_found -> 0", "let f k = Option.value (Store.find k) ~default:0"),
    (
        "let f s = match Reader.next s with Some n -> n * 2 | None -> 0",
        "let f s = match Reader.next s with Some (n, _) -> n * 2 | None -> 0",
    ),
    (
        'let f xs = Pairs.iter (fun k v -> Printf.printf "%s %d" k v) xs',
        'let f xs = Pairs.iter (fun (k, v) -> Printf.printf "%s %d" k v) xs',
    ),
    ("let f n = n + Limits.most", "let f n = n + (Lazy.force Limits.most)"),
    ("let f n = if !Log.level < n then Log.level := n", "let f n = if Log.level () < n then Log.set_level n"),
    ('let f () = Lru.one "a"', 'module Lru = Lru.Make (String)\n\nlet f () = Lru.one "a"'),
    (
        'type t = { cache : Cache.t }\n\nlet f t = Hashtbl.find t.cache 1 ^ "a"',
        'type t = { cache : (int, string) Cache.t }\n\nlet f t = Hashtbl.find t.cache 1 ^ "a"',
    ),
    ("let f s = Strings.words s", "let f s = Text_util.words s"),
    ("let f () = Dir.turn `North", "let f () = Dir.turn Dir.North"),
]


async def test_one_proposal_brings_all_files_along(tmp_path: Path) -> None:
    require("dune")
    before = {f"case_{n}.ml": f"{old}\n" for n, (old, _) in enumerate(BEFORE_AND_AFTER)}
    best = (await proposals({**MODULES, **before}, tmp_path))[0]
    assert best.verdict.level is Level.VERIFIED
    assert best.changes.texts == {f"case_{n}.ml": f"{new}\n" for n, (_, new) in enumerate(BEFORE_AND_AFTER)}
