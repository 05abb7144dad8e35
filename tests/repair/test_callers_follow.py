"""A definition has changed, and its callers follow: what they give more, and what they make of what it gives now."""

from pathlib import Path
from types import ModuleType

import pytest

from lsp_aid.domain.ports import Typing
from lsp_aid.domain.proposal import Kind
from lsp_aid.repair import (
    binding_operators,
    changed_calls,
    containers,
    defaults_for_options,
    matched_bindings,
    records_for_tuples,
    taken_fields,
    threaded_parameters,
    unfinished_calls,
)
from tests.support.one_liners import check_best
from tests.support.repair import problems
from tests.support.requires import require
from tests.support.whole_projects import changed

pytestmark = pytest.mark.dune

MONEY = "type coin = Eur | Usd\nlet show ~coin n = if coin = Usd then string_of_int n else string_of_int (n + 1)\n"
HELD = f"{MONEY}type bill = {{ coin : coin; sum : int; rest : int list }}\n"
PAGE = "type page = { body : string }\nlet default_wait = 3.\nlet get ~wait u = ignore (wait +. 1.); { body = u }\n"
SPAN = "type span = { first : int; last : int; n : int }\nlet span l = { first = 0; last = 1; n = List.length l }\n"
BOTH = (
    "let ( let* ) = Option.bind\nlet ( let+ ) x f = Option.map f x\n"
    "let ( and+ ) a b = match a, b with Some a, Some b -> Some (a, b) | _ -> None\n"
)
GOOD = "let g n = if n > 0 then Ok n else Error n\n"
TAX = (
    "type item = { price : float }\nlet with_tax rate i = string_of_float (rate *. i.price)\n"
    "type till = { name : string; tax : float }\n"
)
ITEM = "type item = { name : string; worth : coin }\nlet name i = i.name\n"
FIND = 'let default_host = "localhost"\nlet find t k : string option = List.assoc_opt k t\n'
MAKE = "let ( let* ) = Result.bind\ntype t = { n : int }\nlet make n = if n > 0 then Ok { n } else Error n\n"
LOG = "let log ~src m = print_endline (src ^ m)\nlet push ~at m = m ^ string_of_float at\n"
SEP = "let default_sep = ','\nlet join ~sep l = String.concat (String.make 1 sep) l\n"
RULE = "let rule ?(cols = 80) c = String.make cols c\n"
USED = 'let f x = String.concat "" (List.map g x)'
SHOWN = "let find t k = List.assoc_opt k t\nlet show t key = match find t key with Some text -> text | None -> key\n"
AGAIN = 'let find t k = List.assoc_opt k t\nlet g t = Option.value (find t 1) ~default:"none"\n'
CASES = {
    changed_calls: [
        (f"{HELD}let f b = show b.sum ^ show 1", f"{HELD}let f b = show ~coin:b.coin b.sum ^ show ~coin:b.coin 1"),
        (f"{HELD}let f b = List.map show b.rest", f"{HELD}let f b = List.map (show ~coin:b.coin) b.rest"),
        (f'{HELD}let f b = "a" ^ (b.sum |> show)', f'{HELD}let f b = "a" ^ (b.sum |> show ~coin:b.coin)'),
        (
            f"{TAX}let f t (l : item list) = t.name ^ String.concat t.name (List.map with_tax l)",
            f"{TAX}let f t (l : item list) = t.name ^ String.concat t.name (List.map (with_tax t.tax) l)",
        ),
        (
            f'{LOG}let g who = log ~src:who "a"\nlet f who = log "b"; who ^ "c"',
            f'{LOG}let g who = log ~src:who "a"\nlet f who = log ~src:who "b"; who ^ "c"',
        ),
        (f"{RULE}let f wide = rule ~wide '-'", f"{RULE}let f wide = rule ~cols:wide '-'"),
        (f'{SEP}let f l = assert (join l = "a")', f'{SEP}let f l = assert (join ~sep:default_sep l = "a")'),
    ],
    threaded_parameters: [
        (f'{LOG}let f x = log ("a" ^ x); x', f'{LOG}let f ~src x = log ~src ("a" ^ x); x'),
        (
            f'{MONEY}let f (name, n) = name ^ ": " ^ show n',
            f'{MONEY}let f ~coin (name, n) = name ^ ": " ^ show ~coin n',
        ),
    ],
    unfinished_calls: [
        (
            f"{HELD}let g b = if b.sum > 1 then show 1 else show b.sum\n{USED}",
            f"{HELD}let g b = if b.sum > 1 then show ~coin:b.coin 1 else show ~coin:b.coin b.sum\n{USED}",
        ),
        (
            f"{SEP}let g l = List.map String.trim l |> join\n{USED}",
            f"{SEP}let g l = List.map String.trim l |> join ~sep:default_sep\n{USED}",
        ),
        (
            f"{PAGE}let f u = let page = get u in page.body",
            f"{PAGE}let f u = let page = get ~wait:default_wait u in page.body",
        ),
    ],
    defaults_for_options: [
        (
            f'{FIND}let f t = let host = find t "host" in print_endline host',
            f'{FIND}let f t = let host = Option.value (find t "host") ~default:default_host in print_endline host',
        ),
        (
            f'{AGAIN}let f t = "a" ^ find t 2',
            f'{AGAIN}let f t = "a" ^ (Option.value (find t 2) ~default:"none")',
        ),
        (f'{SHOWN}let f t w = "a" ^ find t w', f'{SHOWN}let f t w = "a" ^ (Option.value (find t w) ~default:w)'),
    ],
    containers: [
        (
            f"{FIND}let g t k = Option.to_result ~none:k (find t k)\nlet f t k = Option.is_none (g t k)",
            f"{FIND}let g t k = Option.to_result ~none:k (find t k)\nlet f t k = Result.is_error (g t k)",
        ),
    ],
    taken_fields: [
        (
            f"{SPAN}let f l = let last = span l in last + 1",
            f"{SPAN}let f l = let last = (span l).last in last + 1",
        ),
        (f"{MONEY}{ITEM}let f (i : item) = show ~coin:i 1", f"{MONEY}{ITEM}let f (i : item) = show ~coin:i.worth 1"),
    ],
    binding_operators: [
        (
            f"{MAKE}{GOOD}let f n = let a = g n in if a > 1 then g a else g 0",
            f"{MAKE}{GOOD}let f n = let* a = g n in if a > 1 then g a else g 0",
        ),
        (f"{MAKE}let f n = let t = make n in Ok (t.n + 1)", f"{MAKE}let f n = let* t = make n in Ok (t.n + 1)"),
        (f"{BOTH}let f a b = let* a = a and* b = b in a + b", f"{BOTH}let f a b = let+ a = a and+ b = b in a + b"),
        (
            f"{BOTH}let f a b c = let* a = a\n  and* b = b\n  and* c = c in Some (a + b + c)",
            f"{BOTH}let f a b c = let* a = a\n  and+ b = b\n  and+ c = c in Some (a + b + c)",
        ),
        (
            "let ( let* ) = Option.bind\nlet f a b = let* c = a\n  and* d = b in Some (c + d)",
            "let ( let* ) = Option.bind\nlet f a b = let* c = a in\n  let* d = b in Some (c + d)",
        ),
    ],
    matched_bindings: [
        (
            f"{GOOD}let f n = let a = g n in Ok (a + 1)",
            f"{GOOD}let f n = match g n with\n  | Ok a -> Ok (a + 1)\n  | Error e -> Error e",
        ),
        (
            "let g s = Some (s, 1)\nlet f l s = let a, b = g s in (a, b + 1) :: l",
            "let g s = Some (s, 1)\nlet f l s = match g s with\n  | Some (a, b) -> (a, b + 1) :: l\n  | None -> l",
        ),
    ],
    records_for_tuples: [
        (
            f"{SPAN}let f l = let first, last = span l in last - first",
            f"{SPAN}let f l = let {{ first; last; _ }} = span l in last - first",
        ),
    ],
}


@pytest.mark.parametrize("family", CASES, ids=lambda family: family.__name__.rpartition(".")[2])
async def test_the_likeliest_edit_follows(family: ModuleType, tmp_path: Path, strict_typing: Typing) -> None:
    await check_best(family, CASES[family], tmp_path, typing=strict_typing)  # type: ignore[arg-type]


async def test_what_is_there_goes_before_a_new_parameter(tmp_path: Path) -> None:
    require("dune")
    texts = {
        "log.ml": LOG,
        "far.ml": 'let src = "far"\nlet f x = Log.log ("a" ^ x); 1\nlet g = List.map f\n',
        "clock.ml": "let f now user = ignore (Log.push user); now > 1.\n",
        "source.ml": 'let f source user = Log.log (user ^ "in"); source ^ user\n',
    }
    assert await changed(texts, tmp_path) == {
        "far.ml": 'let src = "far"\nlet f x = Log.log ~src ("a" ^ x); 1\nlet g = List.map f\n',
        "clock.ml": "let f now user = ignore (Log.push ~at:now user); now > 1.\n",
        "source.ml": 'let f source user = Log.log ~src:source (user ^ "in"); source ^ user\n',
    }


async def test_a_file_follows_that_uses_one_in_error_itself(tmp_path: Path) -> None:
    require("dune")
    bill = "type t = { sum : int; coin : Money.coin }\nlet total t = t.sum\nlet show t = Money.show (total t)\n"
    texts = {
        "money.ml": MONEY,
        "lib/dune": "(library\n (name lib)\n (libraries project))\n",
        "bill.ml": bill,
        "lib/note.ml": 'let note b = Project.("a" ^ Money.show (Bill.total b))\n',
        "place.mli": "type t = int * int\nval at : t -> string -> int\n",
        "place.ml": "type t = int * int\nlet at (x, y) name = x + y + String.length name\n",
        "shop.ml": "let print b = print_string (Bill.show b)\n",
        "road.ml": 'let road x name = Place.at x 1 name\nlet home = Place.at 1 2 "home"\n',
    }
    assert await changed(texts, tmp_path) == {
        "bill.ml": bill.replace("Money.show (", "Money.show ~coin:t.coin ("),
        "lib/note.ml": 'let note b = Project.("a" ^ Money.show ~coin:b.Bill.coin (Bill.total b))\n',
        "road.ml": 'let road x name = Place.at (x, 1) name\nlet home = Place.at (1, 2) "home"\n',
    }


async def test_a_file_follows_with_several_modules_of_its_libraries(tmp_path: Path) -> None:
    """One library shows what it has as dune does, the other by a module that is written by hand."""
    require("dune")
    texts = {
        "coins/dune": "(library\n (name coins))\n",
        "coins/money.ml": MONEY,
        "coins/bill.ml": 'type t = { sum : int; coin : Money.coin }\nlet show t = "" ^ Money.show t.sum\n',
        "coins/tip.ml": 'type t = { tip : int; coin : Money.coin }\nlet show t = "" ^ Money.show t.tip\n',
        "shop/dune": "(library\n (name shop)\n (libraries coins))\n",
        "shop/shop.ml": "module Sale = Sale\n",
        "shop/sale.ml": 'type t = { bill : Coins.Bill.t; of_ : int }\nlet show t = "" ^ Coins.Money.show t.of_\n',
        "top/dune": "(library\n (name top)\n (libraries coins shop))\n",
        "top/main.ml": "let show (s : Shop.Sale.t) (_ : Coins.Tip.t -> string) =\n"
        "  Shop.Sale.show s ^ Coins.Bill.show s.bill ^ Coins.Money.show s.of_\n",
    }
    shown = {
        "coins/bill.ml": ("show t.", "show ~coin:t.coin t."),
        "coins/tip.ml": ("show t.", "show ~coin:t.coin t."),
        "shop/sale.ml": ("show t.", "show ~coin:t.bill.coin t."),
        "top/main.ml": ("Money.show s", "Money.show ~coin:s.bill.coin s"),
    }
    assert await changed(texts, tmp_path) == {path: texts[path].replace(*pair) for path, pair in shown.items()}


async def test_an_error_that_is_not_passed_on_is_lost_by_a_guess(tmp_path: Path, strict_typing: Typing) -> None:
    sources = {
        "lost.ml": f"{GOOD}let f n = let a = g n in Some (a + 1)",
        "given.ml": f"{GOOD}let f (l : int list) n = let a = g n in (a + 1) :: l",
        "passed.ml": f"{GOOD}let f n = let a = g n in Ok (a + 1)",
    }
    kinds = {}
    for problem in await problems(sources, tmp_path, strict_typing):
        found = await matched_bindings.candidates(problem)
        kinds[problem.diagnostic.path] = {one.kind for one in found}
    assert kinds == {"lost.ml": {Kind.GUESS}, "given.ml": {Kind.GUESS}, "passed.ml": {Kind.FIX}}
