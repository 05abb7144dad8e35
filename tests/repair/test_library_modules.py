"""Modules that another library of the project has now: the fixtures have those that are found, here are those that
only look like it."""

from lsp_aid.domain.diagnostics import Diagnostic, Severity
from lsp_aid.domain.text import Position, Range
from lsp_aid.repair import library_modules
from tests.support.repair import diagnostic_problem

AT = Range(Position(0, 8), Position(0, 9))
TOOLS = {
    "tools/dune": "(library (name tools))\n",
    "tools/infix.ml": "let ( >>| ) x f = f x\n",
    "tools/clock.ml": "let system = 0\n",
    "kernel/dune": "(library (name kernel))\n",
    "kernel/ident.ml": "let n = 1\n",
    "dune": "(executable (name main) (libraries kernel))\n",
}


async def edited(missing: str, text: str) -> list[str | None]:
    error = Diagnostic("main.ml", AT, Severity.ERROR, f"Unbound module {missing}")
    found = await library_modules.candidates(diagnostic_problem({**TOOLS, "main.ml": text}, error))
    return [one.changes.texts["main.ml"] for one in found]


async def test_a_module_of_a_library_from_elsewhere_is_not_one_of_the_project_that_has_its_name() -> None:
    assert await edited("Lwt.Infix", "let f = Lwt.Infix.( >>| )\n") == []


async def test_a_module_has_moved_only_where_it_has_what_is_asked_of_it() -> None:
    assert await edited("Kernel.Clock", "let f = Kernel.Clock.ticks\n") == []
    assert await edited("Kernel.Clock", "let f = Kernel.Clock.system\n") == ["let f = Tools.Clock.system\n"]


async def test_only_names_below_an_open_are_of_the_old_library() -> None:
    text = "let f = Kernel.Clock.system\nlet g = let open Kernel in Clock.system\nlet h c = Clock.(c system)\n"
    after = "let f = Tools.Clock.system\nlet g = let open Kernel in Tools.Clock.system\nlet h c = Clock.(c system)\n"
    assert await edited("Kernel.Clock", text) == [after]
