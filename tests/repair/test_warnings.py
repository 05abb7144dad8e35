"""The families for warnings that dune's dev profile makes errors, beside those of what is unused."""

from pathlib import Path
from types import ModuleType

import pytest

from lsp_aid.domain.proposal import Kind, Level
from lsp_aid.repair import (
    attributes,
    classes,
    comments_and_strings,
    deprecated,
    forgotten,
    formats,
    fragile_matches,
    guards,
    mirrored_cases,
    missing_cases,
    missing_modules,
    needless,
    optional_labels,
    records,
    shadowing_opens,
    unused,
)
from lsp_aid.repair.family import Family
from tests.support import txtar
from tests.support.one_liners import check_best, check_none
from tests.support.repair import candidates_of, cases, repaired

pytestmark = pytest.mark.dune

FAMILIES = (attributes, classes, comments_and_strings, deprecated, needless, records)
STRICT = '[@@@warning "@4"]\ntype t = A | B of int | C\n'
R = "type r = { a : int; b : int }\n"
OLD = (
    "module M : sig val f : int -> int val g : int -> int [@@deprecated {}] end = struct let f x = x let g x = x end\n"
)
MERGE, BOTH = "let rec f l m = match l, m with [], l -> l ", "| a :: l, b :: m -> a :: b :: f l m"
GONE = 'module P : sig module New : sig val x : int end module Old = New [@@deprecated "Use P.New."] end = struct\n'
GONE += "module New = struct let x = 1 end module Old = New end\n"
LISTED = (
    'module M : sig val f : int list -> int val g : int -> int -> int [@@deprecated "Use M.f [a; b] for g a b."] end'
)
LISTED += " = struct let f = List.fold_left ( + ) 0 let g a b = f [ a; b ] end\n"
TURNED = (
    'module M : sig val f : by:int -> int -> int val g : int -> int -> int [@@deprecated "Use [M.f ~by:b a] instead of '
)
TURNED += '[M.g a b]."] end = struct let f ~by a = a * by let g a b = f ~by:b a end\n'
USE, NAMED = OLD.format('"Use [f] instead."'), OLD.format('"[since 2] Renamed to M.f."')


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.__name__.rpartition(".")[2])
async def test_fixtures(family: ModuleType, tmp_path: Path) -> None:
    name = family.__name__.rpartition(".")[2]
    assert cases(name)
    for path in cases(name):
        case = txtar.read(path)
        outcome = await repaired(case, tmp_path / path.stem, {name: family})  # type: ignore[dict-item]
        best = outcome.repairs[0]
        assert best.verdict.level is Level.VERIFIED
        assert {**case.before, **best.changes.texts} == case.after


@pytest.mark.parametrize(
    ("family", "pairs"),
    [
        (
            records,
            [
                (R + "let f { a } = a", R + "let f { a; _ } = a"),
                (R + "let f { a; } = a", R + "let f { a; _ } = a"),
                (R + "let f r = { r with a = 1; b = 2 }, r", R + "let f r = { a = 1; b = 2 }, r"),
                (R + "let f a b = { a }, b", R + "let f a b = { a; b }, b"),
                (R + "let f a b = { a = a; }, b", R + "let f a b = { a = a; b; }, b"),
                (
                    R + "let x b = [ { a = 0, b = b + 1 }; { b = 1, a = b } ], { a = 2, b = 3 }",
                    R + "let x b = [ { a = 0; b = b + 1 }; { b = 1; a = b } ], { a = 2; b = 3 }",
                ),
            ],
        ),
        (
            classes,
            [
                (
                    "class c = object method m = 1 end\nclass d = object inherit c method m = 2 end",
                    "class c = object method m = 1 end\nclass d = object inherit c method! m = 2 end",
                ),
                (
                    "class c = object val x = 1 method m = x end\nclass d = object inherit c val x = 2 end",
                    "class c = object val x = 1 method m = x end\nclass d = object inherit c val! x = 2 end",
                ),
                (
                    "class c = object method m = 1 end\nclass d = object inherit c as super end",
                    "class c = object method m = 1 end\nclass d = object inherit c end",
                ),
                (
                    "class virtual c = object (self)\n  method n = self#m + 1\nend",
                    "class virtual c = object (self)\n  method virtual m : _\n  method n = self#m + 1\nend",
                ),
                (
                    "class virtual c = object (self) method n = self#m + 1 end",
                    "class virtual c = object (self) method virtual m : _ method n = self#m + 1 end",
                ),
                (
                    "let g o : int = o#m\nclass c = object (self) method private m = 1 method n = g self end",
                    "let g o : int = o#m\nclass c = object (self) method m = 1 method n = g self end",
                ),
            ],
        ),
        (
            attributes,
            [
                ("let f x = (x [@inline]) + 1", "let f x = x + 1"),
                ("let f x = x [@@inline] [@@inline]", "let f x = x [@@inline]"),
                ("let rec f x = 1 + (f [@tailcall]) x", "let rec f x = 1 + f x"),
                ("let f x = x [@@inline maybe]", "let f x = x"),
                ("let f x = x [@@inline allways]", "let f x = x [@@inline always]"),
                ("let f g x = (g [@inlined]) x", "let f g x = g x"),
                (
                    'type t = A of int\nexternal f : t -> int = "%identity"',
                    'type t = A of int [@@unboxed]\nexternal f : t -> int = "%identity"',
                ),
            ],
        ),
        (
            forgotten,
            [
                (
                    'let f ?(sep = ",") l = String.concat "," l',
                    'let f ?(sep = ",") l = String.concat sep l',
                ),
                (
                    "let add x l = x :: l\nlet f l = let a = add 1 l in let b = add 2 l in add 3 b",
                    "let add x l = x :: l\nlet f l = let a = add 1 l in let b = add 2 a in add 3 b",
                ),
            ],
        ),
        (
            missing_cases,
            [
                (
                    "type t = A | B | C | D\nlet f = function A -> 1 | B -> 2",
                    "type t = A | B | C | D\nlet f = function A -> 1 | B -> 2 | C -> 3 | D -> 4",
                ),
            ],
        ),
        (
            mirrored_cases,
            [
                (MERGE + BOTH, MERGE + "| l, [] -> l " + BOTH),
                (
                    "type t = A | B of int\nlet f a b = match a, b with A, A | B _, B _ -> 0 | A, _ -> -1",
                    "type t = A | B of int\nlet f a b = match a, b with A, A | B _, B _ -> 0 | A, _ -> -1 | _, A -> 1",
                ),
                (
                    "let f a b = match a, b with None, x -> x | Some x, Some y -> Some (x + y)",
                    "let f a b = match a, b with None, x -> x | x, None -> x | Some x, Some y -> Some (x + y)",
                ),
                (
                    "type t = A | B of int\nlet f a b = match a, b with A, A -> true | B x, B y -> x = y",
                    "type t = A | B of int\nlet f a b = match a, b with A, A -> true | B x, B y -> x = y | _ -> false",
                ),
            ],
        ),
        (optional_labels, [("let f ~x () = x\nlet g () = f ?x:1 ()", "let f ~x () = x\nlet g () = f ~x:1 ()")]),
        (
            missing_modules,
            [
                ("type 'a t = A : int t constraint 'a = _", "type 'a t = A : int t"),
            ],
        ),
        (
            formats,
            [
                (
                    'let f s = if s = "" then failwith "bad: %s" s',
                    'let f s = if s = "" then failwith (Printf.sprintf "bad: %s" s)',
                ),
                ('let f n = print_string "%d" n', 'let f n = Printf.printf "%d" n'),
            ],
        ),
        (
            needless,
            [
                ("type t = A | B of int\nlet f = function A _ -> 1 | B _ -> 2", None),
                ("let f ?(by = 1) = by", "let f ?(by = 1) () = by"),
                ("let f = fun ?by -> by", "let f = fun ?by () -> by"),
                ('let f g = try g () with Failure "x" -> 1', "let f g = try g () with Failure _ -> 1"),
                (
                    "module type T = functor (X : sig end) -> sig end",
                    "module type T = functor (_ : sig end) -> sig end",
                ),
            ],
        ),
        (
            fragile_matches,
            [
                (STRICT + "let f = function A -> 1 | _ -> 2", STRICT + "let f = function A -> 1 | B _ | C -> 2"),
                (
                    STRICT + "let f = function A -> 1 | B x -> x | _ -> 2",
                    STRICT + "let f = function A -> 1 | B x -> x | C -> 2",
                ),
                (
                    STRICT + "let f = function A -> 1 | B 3 -> 2 | _ -> 2",
                    STRICT + "let f = function A -> 1 | B 3 -> 2 | B _ | C -> 2",
                ),
                (
                    STRICT + "let f x y = match x with A when y -> 1 | _ -> 2",
                    STRICT + "let f x y = match x with A when y -> 1 | A | B _ | C -> 2",
                ),
            ],
        ),
        (
            comments_and_strings,
            [
                ('let f = "\\d"', 'let f = "\\\\d"'),
                ("let f = List.fold_left (*) 1", "let f = List.fold_left ( * ) 1"),
            ],
        ),
        (
            deprecated,
            [
                (USE + "let f = M.g 1", USE + "let f = M.f 1"),
                (NAMED + "let f = M.g 1", NAMED + "let f = M.f 1"),
                (GONE + "let f = P.Old.x", GONE + "let f = P.New.x"),
                (LISTED + "let f y = M.g 1 (y + M.g (2 * y) y)", LISTED + "let f y = M.f [ 1; y + M.f [ 2 * y; y ] ]"),
                (TURNED + "let f = M.g 1 (2 * 3)", TURNED + "let f = M.f ~by:(2 * 3) 1"),
            ],
        ),
    ],
    ids=lambda value: value.__name__.rpartition(".")[2] if isinstance(value, ModuleType) else "",
)
async def test_one_edit_settles_it(family: Family, pairs: list[tuple[str, str | None]], tmp_path: Path) -> None:
    wanted = [(before, after or before.replace("A _ ->", "A ->")) for before, after in pairs]
    await check_best(family, wanted, tmp_path)


async def test_a_type_within_what_is_matched_is_not_named_case_by_case(tmp_path: Path) -> None:
    texts = [
        STRICT + "let f o = match o with Some A -> 1 | _ -> 2",
        STRICT + "let f a b = match a, b with A, B 1 -> 1 | _ -> 2",
    ]
    await check_none(fragile_matches, texts, tmp_path)


async def test_a_field_without_a_variable_of_its_name_is_a_skeleton(tmp_path: Path) -> None:
    [found] = await candidates_of(records, {"a.ml": R + "let f a = { a }\n"}, tmp_path)
    assert [candidate.kind for candidate in found] == [Kind.SKELETON]
    assert found[0].changes.texts == {"a.ml": R + 'let f a = { a; b = failwith "TODO: b" }\n'}


async def test_an_argument_is_only_guessed_to_be_too_many(tmp_path: Path) -> None:
    [found] = await candidates_of(needless, {"a.ml": "let f () = raise Exit 1\n"}, tmp_path)
    assert [(c.kind, c.changes.texts) for c in found] == [(Kind.GUESS, {"a.ml": "let f () = raise Exit\n"})]


async def test_code_that_is_never_reached_may_go(tmp_path: Path) -> None:
    texts = {"a.ml": "let f () = print_newline (); raise Exit; print_newline (); 1\n"}
    [found] = await candidates_of(needless, texts, tmp_path)
    assert [(c.kind, c.changes.texts) for c in found] == [
        (Kind.GUESS, {"a.ml": "let f () = print_newline (); raise Exit\n"})
    ]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            "let f = function (x, 0) | (0, x) when x > 1 -> x | _ -> 0\n",
            "let f = function (x, 0) when x > 1 -> x | (0, x) when x > 1 -> x | _ -> 0\n",
        ),
        (
            "let f = function\n  | (x, 0, _) | (0, x, _) | (_, _, x) when x > 1 ->\n    x\n  | _ -> 0\n",
            "let f = function\n"
            + "".join(f"  | {each} when x > 1 ->\n    x\n" for each in ("(x, 0, _)", "(0, x, _)", "(_, _, x)"))
            + "  | _ -> 0\n",
        ),
    ],
)
async def test_a_guard_is_guessed_to_be_of_each_pattern(before: str, after: str, tmp_path: Path) -> None:
    project = {"dune-project": "(lang dune 3.17)\n", "dune": "(library (name a))\n", "a.ml": before}
    outcome = await repaired(txtar.Case("guards", project), tmp_path, {"guards": guards})
    best = outcome.repairs[0]
    assert best.changes.texts == {"a.ml": after}
    assert best.kind is Kind.GUESS


async def test_other_deprecations_have_no_repair(tmp_path: Path) -> None:
    old = OLD.format('"It is slow."')
    await check_none(deprecated, [old + "let f = M.g 1"], tmp_path)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            "type t = A | B\nlet f (x : t) = match x with A -> 1 | B -> 2\nlet () = exit (f A)\n",
            "type t = A\nlet f (x : t) = match x with A -> 1\nlet () = exit (f A)\n",
        ),
        (
            "type t = A | B | C\nlet f (x : t) = match x with A | B -> 1 | C -> 2\nlet () = exit (f A + f C)\n",
            "type t = A | C\nlet f (x : t) = match x with A -> 1 | C -> 2\nlet () = exit (f A + f C)\n",
        ),
        (
            "type t = { a : int; b : int }\nlet () = let r = { a = 1; b = 2 } in exit r.a\n",
            "type t = { a : int }\nlet () = let r = { a = 1 } in exit r.a\n",
        ),
        (
            "let () = let module M = struct let x = 1 let y = 2 end in exit M.y\n",
            "let () = let module M = struct let _x = 1 let y = 2 end in exit M.y\n",
        ),
        ("type t = ..\ntype t += A\nlet () = ignore (fun (x : t) -> x)\n", None),
    ],
)
async def test_what_is_unused_goes_with_its_uses(before: str, after: str | None, tmp_path: Path) -> None:
    project = {"dune-project": "(lang dune 3.17)\n", "dune": "(executable (name main))\n", "main.ml": before}
    outcome = await repaired(txtar.Case("unused", project), tmp_path, {"unused": unused})
    if after is None:
        assert not outcome.repairs or outcome.repairs[0].verdict.level is Level.VERIFIED
    else:
        assert outcome.repairs[0].changes.texts == {"main.ml": after}
        assert outcome.repairs[0].verdict.level is Level.VERIFIED


async def test_an_open_that_hides_what_is_used_says_so(tmp_path: Path) -> None:
    texts = {
        "dune": "(library (name project) (flags (:standard -w @44@45)))\n",
        "v.ml": "type t = A | B\nlet ( + ) a b = if a = A then b else a\n",
        "a.ml": "open V\n\nlet f a = a + B\n",
        "b.ml": "type t = A | C\n\nlet c = C\nlet f a =\n  let open V in\n  a = A\n",
        "c.ml": "let f a = fst (V.(a + B, B))\nlet g a = V.(a + B)\n",
    }
    found = await candidates_of(shadowing_opens, texts, tmp_path)
    assert {path: text for [way] in found for path, text in way.changes.texts.items() if path != "c.ml"} == {
        "a.ml": texts["a.ml"].replace("open", "open!"),
        "b.ml": texts["b.ml"].replace("open", "open!"),
    }
    assert [way.changes.texts["c.ml"] for [way] in found if "c.ml" in way.changes.paths] == [
        texts["c.ml"].replace("V.(a + B, B)", "(let open! V in a + B, B)"),
        texts["c.ml"].replace("V.(a + B)", "let open! V in a + B"),
    ]
