from pathlib import Path

import pytest

from lsp_aid.domain.proposal import Kind, Level
from lsp_aid.repair import misspelt_name
from lsp_aid.repair.places import opened_at
from tests.support import txtar
from tests.support.one_liners import check_best, check_none
from tests.support.repair import PROJECT, candidates_of, cases, problems, repaired

pytestmark = pytest.mark.dune


@pytest.mark.parametrize("path", cases("misspelt_name"), ids=lambda path: path.stem)
async def test_fixture(path: Path, tmp_path: Path) -> None:
    case = txtar.read(path)
    outcome = await repaired(case, tmp_path, {"misspelt_name": misspelt_name})
    best = outcome.repairs[0]
    assert best.verdict.level is Level.VERIFIED
    assert {**case.before, **best.changes.texts} == case.after


HOST = (
    "type t = { name : string; address : string }\nlet k ~address n = ignore address; n\n"
    "let m ~addr n = ignore addr; n\n"
)
INNER = "module Host = struct type t = { name : string; address : string } end\n"


async def test_hints_of_the_compiler(tmp_path: Path) -> None:
    await check_best(
        misspelt_name,
        [
            ("let f s = String.lenght s", "let f s = String.length s"),
            ("let f s = String . lenght s", "let f s = String . length s"),
            ("let f s = Strnig.trim s", "let f s = String.trim s"),
            ("let f s = Stdlib.Strnig.trim s", "let f s = Stdlib.String.trim s"),
            ("open Lisst\nlet f = length []", "open List\nlet f = length []"),
            ("let f count = coutn + 1", "let f count = count + 1"),
            ("let f = ( |>> ) 1 succ", "let f = ( |> ) 1 succ"),
            ("let f x = x |>> succ", "let f x = x |> succ"),
            ("type t = Red\nlet x = Redd", "type t = Red\nlet x = Red"),
            (
                "type t = Red\nlet f : t -> int = function Rad -> 1",
                "type t = Red\nlet f : t -> int = function Red -> 1",
            ),
            ("type t = { name : int }\nlet f t = t.nmae", "type t = { name : int }\nlet f t = t.name"),
            ("type t = { name : int }\nlet f (t : t) = t.nam", "type t = { name : int }\nlet f (t : t) = t.name"),
            ("let f (x : strng) = x", "let f (x : string) = x"),
            ("let f ~name = name + 1\nlet g = f ~nmae:1", "let f ~name = name + 1\nlet g = f ~name:1"),
            ("let f ~name = name + 1\nlet g nmae = f ~nmae", "let f ~name = name + 1\nlet g nmae = f ~name:nmae"),
            ("let f ~size = size\nlet g sizes = f ~size", "let f ~size = size\nlet g sizes = f ~size:sizes"),
            ("let f x = print_endlin x; print_endlin x", "let f x = print_endline x; print_endline x"),
            (
                "let c = object method size = 1 end\nlet f = c#sise",
                "let c = object method size = 1 end\nlet f = c#size",
            ),
        ],
        tmp_path,
    )


async def test_names_without_a_hint(tmp_path: Path) -> None:
    await check_best(
        misspelt_name,
        [
            ("let f xs = lenght xs + List.hd xs", "let f xs = List.length xs + List.hd xs"),
            ("let f xs = fold_left ( + ) 0 xs", "let f xs = List.fold_left ( + ) 0 xs"),
            ("let f xs = list.map succ xs", "let f xs = List.map succ xs"),
            ('let f s = printf "%s" s', 'let f s = Printf.printf "%s" s'),
            ("let f s = println s", "let f s = print_endline s"),
            ("let f xs = List.foldl ( + ) 0 xs", "let f xs = List.fold_left ( + ) 0 xs"),
            ("let f = LIST.length", "let f = List.length"),
            ("let f (x : boolean) = x", "let f (x : bool) = x"),
            ("let f = True", "let f = true"),
            ("let f x = if x then none else Some 1", "let f x = if x then None else Some 1"),
            ("let f s = List.split_on_char ' ' s", "let f s = String.split_on_char ' ' s"),
        ],
        tmp_path,
    )


UTIL = "module Util = struct let double x = 2 * x end\n"
A = "module A = struct type t = Red exception Bad module B = struct let one = 1 end end\n"
BOOK = "type book = { title : string; pages_read : int }\n"


async def test_names_of_modules_in_the_file(tmp_path: Path) -> None:
    await check_best(
        misspelt_name,
        [
            (UTIL + "let f = double 3", UTIL + "let f = Util.double 3"),
            (UTIL + "let f = Utl.double 3", UTIL + "let f = Util.double 3"),
            (UTIL + "let f = Util.doubel 3", UTIL + "let f = Util.double 3"),
            (UTIL + A + "let f = A.double 3", UTIL + A + "let f = Util.double 3"),
            (A + "let f = one", A + "let f = A.B.one"),
            (A + "let f = B.one", A + "let f = A.B.one"),
            (A + "let f = Red", A + "let f = A.Red"),
            (A + "let f () = raise Bad", A + "let f () = raise A.Bad"),
            (
                "module A = struct module B = struct let one = 1 end let f = one end",
                "module A = struct module B = struct let one = 1 end let f = B.one end",
            ),
        ],
        tmp_path,
    )


async def test_fields_that_are_meant_by_their_words_or_their_place(tmp_path: Path) -> None:
    await check_best(
        misspelt_name,
        [
            (BOOK + "let f (x : book) = x.read_pages", BOOK + "let f (x : book) = x.pages_read"),
            (BOOK + "let f x = x.read_pages", BOOK + "let f x = x.pages_read"),
            (
                BOOK + "let f (x : book) = let read = x.n in read",
                BOOK + "let f (x : book) = let read = x.pages_read in read",
            ),
            (
                BOOK + "type page = { read : int }\nlet f (x : book) = { read = x.n }",
                BOOK + "type page = { read : int }\nlet f (x : book) = { read = x.pages_read }",
            ),
            (BOOK + 'let f = { heading = ""; pages_read = 1 }', BOOK + 'let f = { title = ""; pages_read = 1 }'),
        ],
        tmp_path,
    )


async def test_a_field_that_only_its_type_speaks_for_is_a_guess(tmp_path: Path) -> None:
    case = txtar.Case("guess", {**PROJECT, "a.ml": BOOK + 'let f (x : book) = x.heading ^ "!"\n'})
    outcome = await repaired(case, tmp_path, {"misspelt_name": misspelt_name})
    assert [repair.kind for repair in outcome.repairs] == [Kind.GUESS]
    assert outcome.repairs[0].changes.texts == {"a.ml": BOOK + 'let f (x : book) = x.title ^ "!"\n'}


async def test_a_field_that_is_read_elsewhere_is_not_what_another_is_called_now(tmp_path: Path) -> None:
    case = txtar.Case("read", {**PROJECT, "a.ml": BOOK + "let f (x : book) = x.heading ^ x.title\n"})
    assert not (await repaired(case, tmp_path, {"misspelt_name": misspelt_name})).repairs


async def test_a_field_with_the_root_of_another_is_what_it_is_called_now(tmp_path: Path) -> None:
    shot = "type shot = { bearing : float; inclination : float }\nlet up (s : shot) = { s with inclination = 0. }\n"
    shot += "let sum (s : shot) = s.bearing +. s.inclination\n"
    case = txtar.Case("root", {**PROJECT, "a.ml": shot + "let f (s : shot) = s.clino +. 1.\n"})
    best = (await repaired(case, tmp_path, {"misspelt_name": misspelt_name})).repairs[0]
    assert best.kind is Kind.FIX
    assert best.changes.texts == {"a.ml": shot + "let f (s : shot) = s.inclination +. 1.\n"}


async def test_several_suggestions_are_several_candidates_the_likest_first(tmp_path: Path) -> None:
    [found] = await candidates_of(misspelt_name, {"a.ml": "let f xs = List.iterr print_int xs\n"}, tmp_path)
    titles = [candidate.title for candidate in found]
    assert titles[0] == "Replace `List.iterr` by `List.iter`"
    assert "Replace `List.iterr` by `List.iteri`" in titles
    assert len(set(titles)) == len(titles)


async def test_a_variable_follows_the_field_that_a_pattern_binds_it_by(tmp_path: Path) -> None:
    await check_best(
        misspelt_name,
        [
            (
                f"{HOST}let f {{ name; addr }} = name ^ addr\nlet g ?(port = 0) h = h.addr, port",
                f"{HOST}let f {{ name; address }} = name ^ address\nlet g ?(port = 0) h = h.address, port",
            ),
            (
                f"{HOST}let f {{ name; addr }} = {{ name; addr }}, k ~address:addr (m ~addr 1)",
                f"{HOST}let f {{ name; address }} = {{ name; address }}, k ~address (m ~addr:address 1)",
            ),
            (
                f"{INNER}let f {{ Host.name; addr }} = name ^ addr",
                f"{INNER}let f {{ Host.name; address }} = name ^ address",
            ),
        ],
        tmp_path,
    )


async def test_a_field_may_be_one_of_another_library_in_other_places(tmp_path: Path) -> None:
    text = "type t = { size : int }\nlet f (x : t) (s : Unix.stats) = x.st_size + s.st_size\n"
    once, often = text.replace("x.st_size", "x.size"), text.replace("st_size", "size")
    linked = {"a.ml": text, "dune": "(library\n (name project)\n (libraries unix))\n"}
    [found] = await candidates_of(misspelt_name, linked, tmp_path / "linked")
    assert [one for candidate in found if (one := candidate.changes.texts["a.ml"]) in (once, often)] == [once, often]
    outcome = await repaired(txtar.Case("linked", {**PROJECT, **linked}), tmp_path, {"misspelt_name": misspelt_name})
    assert outcome.repairs[0].changes.texts == {"a.ml": once}
    [found] = await candidates_of(misspelt_name, {"a.ml": text.replace("Unix.stats", "t")}, tmp_path / "alone")
    assert [candidate.changes.texts["a.ml"].replace(": t) =", ": Unix.stats) =") for candidate in found][:2] == [
        often,
        once,
    ]


async def test_a_field_that_is_also_a_variable_keeps_it(tmp_path: Path) -> None:
    await check_best(
        misspelt_name,
        [
            ("type t = { name : int }\nlet f nmae = { nmae }", "type t = { name : int }\nlet f nmae = { name = nmae }"),
            (
                "type t = { name : int }\nlet f name { nmae } = nmae + name",
                "type t = { name : int }\nlet f name { name = nmae } = nmae + name",
            ),
        ],
        tmp_path,
    )


async def test_lines_that_end_in_crlf_keep_their_ends(tmp_path: Path) -> None:
    text = 'let é = "größe"\r\n\r\nlet f s = (* 🐫 *) String.lenght (s ^ é)\r\n'
    [[best, *_]] = await candidates_of(misspelt_name, {"a.ml": text}, tmp_path)
    assert best.changes.texts == {"a.ml": text.replace("lenght", "length")}


async def test_a_module_hides_what_its_interface_does_not_show(tmp_path: Path) -> None:
    texts = {
        "tools.ml": "let shown = 1\nlet kept_back = shown\nlet () = ignore kept_back\n",
        "tools.mli": "val shown : int\n",
        "a.ml": "let f = shown\n",
        "b.ml": "let f = kept_back\n",
    }
    in_a, in_b = await candidates_of(misspelt_name, texts, tmp_path)
    assert in_a[0].title == "Replace `shown` by `Tools.shown`"
    assert [c.title for c in in_b if "Tools" in c.title] == []


async def test_modules_that_are_open_are_combined_within_reason(tmp_path: Path) -> None:
    modules = [f"M{number}" for number in range(18)]
    lines = [f"module {module} = struct let {module.lower()} = 1 end" for module in modules]
    lines += [f"open! {module}" for module in modules]
    [problem] = await problems({"a.ml": "\n".join([*lines, "let f = m20", ""])}, tmp_path)
    opens = opened_at(problem)
    assert set(modules) < set(opens)
    assert "M0.M1" in opens
    assert len(opens) < 1_000


async def test_other_errors_are_left_alone(tmp_path: Path) -> None:
    await check_none(misspelt_name, ["let f = 1 + 1.", "let f = (", "let f = 1 2"], tmp_path)


async def test_the_tokens_of_a_grammar_are_known(tmp_path: Path) -> None:
    grammar = "%token <int> NUMBER\n%token LPAREN RPAREN EOF\n%start all\n%type <int> all\n%%\n"
    grammar += "all: LPAREN NUMBER RPAREN EOF { $2 }\n"
    lexer = "{\nopen Parser\n}\nrule token = parse\n  | '(' { LPAR }\n  | ')' { RPAREN }\n  | eof { EOF }\n"
    dune = "(ocamllex lexer)\n(ocamlyacc parser)\n(library (name project))\n"
    case = txtar.Case("tokens", {**PROJECT, "dune": dune, "parser.mly": grammar, "lexer.mll": lexer})
    best = (await repaired(case, tmp_path, {"misspelt_name": misspelt_name})).repairs[0]
    assert best.changes.texts == {"lexer.mll": lexer.replace("LPAR ", "LPAREN ")}
