"""What the type checker has against a candidate is known before it is built."""

from pathlib import Path

import pytest

from lsp_aid.domain.ports import Typing
from lsp_aid.domain.text import TextEdit
from lsp_aid.repair.family import Candidate
from lsp_aid.repair.objections import objected
from tests.support.repair import problems
from tests.support.requires import require
from tests.support.whole_projects import changed

pytestmark = pytest.mark.dune


async def test_a_place_that_stays_in_error_is_an_objection_an_error_behind_it_is_none(
    tmp_path: Path, strict_typing: Typing
) -> None:
    text = 'let g x = x ^ "."\nlet f (s : string) = String.length (trim s)\nlet h = 1 + ""\n'
    [problem] = await problems({"a.ml": text}, tmp_path, strict_typing)
    at = text.index("trim")
    edits = {
        "of the type": TextEdit(at, at + 4, "String.trim"),
        "of another type": TextEdit(at, at + 4, "List.length"),
        "not bound either": TextEdit(at, at + 4, "Text.trim"),
        "before it": TextEdit(0, 0, "let trim = String.trim\n"),
        "in error itself": TextEdit(0, 0, "let trim = String.trin\n"),
        "with the place as it was": TextEdit(0, 0, "let strip = String.trim\n"),
    }
    candidates = [Candidate(name, problem.edit(edit), 0.5) for name, edit in edits.items()]
    candidates.append(Candidate("another file", problem.edit(TextEdit(0, 0, "(name a)"), path="dune"), 0.5))
    against = await objected(problem, candidates)
    assert [one.title for one, is_wrong in zip(candidates, against, strict=True) if is_wrong] == [
        "of another type",
        "not bound either",
        "in error itself",
        "with the place as it was",
    ]


async def test_an_interface_that_its_implementation_does_not_fit_is_an_objection(
    tmp_path: Path, strict_typing: Typing
) -> None:
    texts = {"a.mli": "type t\nval add : int  t -> t\n", "a.ml": "type t = int\nlet add n t = n + t\n"}
    [problem] = await problems(texts, tmp_path, strict_typing)
    at = texts["a.mli"].index("  t")
    edits = {"arrow": TextEdit(at, at + 1, " -> "), "removed": TextEdit(at - 3, at + 2, "")}
    candidates = [Candidate(name, problem.edit(edit), 0.5) for name, edit in edits.items()]
    assert await objected(problem, candidates) == [False, True]


async def test_names_of_other_modules_do_not_hide_what_fits(tmp_path: Path) -> None:
    require("bwrap")
    texts = {f"m{number}.ml": f"type t = {{ a{number} : int }}\nlet length t = t.a{number}\n" for number in range(9)}
    texts["use.ml"] = (
        "let report lines = List.iter (fun s -> prerr_endline s; print_endline (String.trim length)) lines\n"
    )
    assert await changed(texts, tmp_path) == {"use.ml": texts["use.ml"].replace("trim length", "trim s")}
