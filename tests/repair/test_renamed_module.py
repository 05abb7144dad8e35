"""Modules that go by another name now: when a new name is sure, and where the old one may still be right."""

from collections.abc import Mapping, Sequence

from lsp_aid.domain.diagnostics import Diagnostic, Severity
from lsp_aid.domain.text import Position, Range
from lsp_aid.repair import renamed_module
from lsp_aid.repair.family import Candidate
from tests.support.repair import diagnostic_problem

AT = Range(Position(0, 8), Position(0, 9))
DUNE = {"dune": "(library (name app))\n"}


async def found(texts: Mapping[str, str], missing: str, path: str = "use.ml") -> Sequence[Candidate]:
    error = Diagnostic(path, AT, Severity.ERROR, f"Unbound module {missing}")
    problem = diagnostic_problem({**DUNE, **texts}, error)
    return sorted(await renamed_module.candidates(problem), key=lambda one: -one.weight)


async def test_only_a_comment_that_says_so_tells_of_the_old_name() -> None:
    use = {"use.ml": "let f = Config.load ()\n"}
    told = await found({**use, "server.ml": "(* Formerly lib/config.ml. *)\nlet load () = 1\n"}, "Config")
    assert told[0].changes.texts == {"use.ml": "let f = Server.load ()\n"}
    for text in (
        "let load () = let config = 1 in config\n",
        "(* Reads the config. *)\nlet load () = 1\n",
        'let load () = "was config"\n',
    ):
        assert all(one.weight < told[0].weight for one in await found({**use, "server.ml": text}, "Config"))


async def test_what_a_comment_tells_comes_before_its_rivals() -> None:
    texts = {
        "use.ml": "let f = Config.load ()\n",
        "a.ml": "let load () = 1\n",
        "b.ml": "(* used to be Config *)\nlet load () = 1\n",
    }
    assert (await found(texts, "Config"))[0].changes.texts == {"use.ml": "let f = B.load ()\n"}


async def test_a_module_that_wraps_another_is_not_its_new_name() -> None:
    wrapper = (
        "(* The clock was Unix.gettimeofday before. *)\nlet gettimeofday = Unix.gettimeofday\nlet sleep = Unix.sleep\n"
    )
    texts = {"clock.ml": wrapper, "use.ml": "let f () = Unix.sleep 1; Unix.gettimeofday ()\n"}
    assert all(one.weight <= 0.5 for one in await found(texts, "Unix"))


LIBRARIES = {
    "dune": "",
    "lib/dune": "(library (name lib))\n",
    "lib/text.ml": "(* Was strings.ml. *)\nlet trim s = s\nlet join s = s\n",
    "lib/use.ml": "let f = Strings.trim\n",
}
OTHERS = "(libraries lib library)"


async def changed_in(texts: Mapping[str, str]) -> set[str]:
    best, *_ = await found({**LIBRARIES, **texts}, "Strings", "lib/use.ml")
    return set(best.changes.paths)


async def test_files_that_open_the_library_follow_and_those_that_open_others_do_not() -> None:
    texts = {
        "library/dune": "(library (name library))\n",
        "library/other.ml": "let n = 1\n",
        "bin/dune": f"(executables (names a b c d) {OTHERS})\n",
        "bin/a.ml": "open Lib\nlet f = Strings.trim\n",
        "bin/b.ml": "open Library\nlet f = Strings.trim\n",
        "bin/c.ml": "(* open Lib *)\nlet f = Strings.trim\n",
        "bin/d.ml": "let f = Lib.(Strings.trim)\n",
    }
    assert await changed_in(texts) == {"lib/use.ml", "bin/a.ml", "bin/d.ml"}


async def test_files_that_have_the_name_from_elsewhere_keep_it() -> None:
    texts = {
        "lib/kit.ml": "module Strings = struct let trim s = s end\n",
        "lib/inner.ml": "open Kit\nlet f = Strings.trim\n",
        "bin/dune": "(executable (name a) (libraries lib strings))\n",
        "bin/a.ml": "open Lib\nlet f = Strings.trim\n",
        "test/dune": "(test (name t) (libraries lib))\n",
        "test/t.ml": "open Lib\nlet f = Strings.trim\n",
    }
    assert await changed_in(texts) == {"lib/use.ml", "test/t.ml"}


async def test_a_divided_module_is_opened_as_the_old_one_was() -> None:
    texts = {
        "dune": "",
        "lib/dune": "(library (name app))\n",
        "lib/wide.ml": "let wide n = n\n",
        "lib/high.ml": "let high n = n\n",
        "lib/both.ml": "let both n = Size.wide n + Size.high n\n",
        "bin/dune": "(executable (name main) (libraries app))\n",
        "bin/main.ml": "module M = struct\r\n  open! App.Size\r\n  let n = wide 1 + high 2\r\nend\r\n"
        "let n = let open! App.Size in wide 1 + high 2\r\n",
    }
    best, *_ = await found(texts, "Size", "lib/both.ml")
    after = "module M = struct\r\n  open! App.High\r\n  open! App.Wide\r\n  let n = wide 1 + high 2\r\nend\r\n"
    last = "let n = let open! App.High in let open! App.Wide in wide 1 + high 2\r\n"
    assert best.changes.texts["bin/main.ml"] == after + last
