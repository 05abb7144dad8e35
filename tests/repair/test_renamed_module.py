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
