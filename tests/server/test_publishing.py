"""What is published beside ocamllsp, and what is left to it."""

from pathlib import Path

import pytest

from lsp_aid.config import Settings
from lsp_aid.domain.diagnostics import Diagnostic, Severity
from lsp_aid.domain.text import Position, Range
from lsp_aid.server.publishing import is_published
from lsp_aid.workspace.documents import Document
from tests.support.bare_client import MODERN, at
from tests.support.served import Toy, project, served

pytestmark = pytest.mark.slow

RED = "let a = 1\nlet n = List.lenght []\n"


def found(
    path: str = "lib/a.ml", message: str = "Unbound value x", source: str = "ocaml", code: str | None = None
) -> bool:
    """Whether a diagnostic is published in a document that is open, beside ocamllsp."""
    diagnostic = Diagnostic(path, Range(Position(0, 0), Position(0, 1)), Severity.ERROR, message, source, code)
    document = Document.opened(f"file:///p/{path}", Path("/p", path), "ocaml", 1, "let y = x\n")
    return is_published(diagnostic, document, Settings(), ocamllsp=True)


def test_what_ocamllsp_shows_is_left_to_it() -> None:
    assert not found()
    assert not found("lib/a.mli")
    assert not found(code="warning 26 [unused-var]")


@pytest.mark.parametrize(
    ("path", "message", "source", "code"),
    [
        ("dune", 'Library "x" not found.', "dune", None),
        ("lib/a.ml", "Files a.ml and a.ml.corrected differ", "dune", None),
        ("lib/a.ml", "The implementation lib/a.ml does not match the interface .a.cmi:", "ocaml", None),
        ("lib/a.ml", "unused value x.", "ocaml", "warning 32 [unused-value-declaration]"),
        ("lib/lexer.mll", "syntax error", "ocaml", None),
        ("", "No implementations provided for the following modules: Unix", "ocaml", None),
    ],
)
def test_what_it_does_not_know_is_ours(path: str, message: str, source: str, code: str | None) -> None:
    assert found(path, message, source, code)


@pytest.fixture
def toy(tmp_path: Path) -> Toy:
    return Toy(tmp_path / "home")


async def test_beside_ocamllsp_errors_of_open_documents_are_known_and_not_shown(toy: Toy, tmp_path: Path) -> None:
    root = project(tmp_path / "p", a=RED, b=RED)
    async with served(toy) as client:
        await client.initialize(root, options={"trust": "always", "ocamllsp": True}, **MODERN)
        await client.diagnostics(root / "a.ml")
        await client.diagnostics(root / "b.ml")
        client.open(root / "a.ml")
        assert await client.diagnostics(root / "a.ml", lambda d: not d) == []
        assert any("Fix build error: " in a["title"] for a in await client.actions(root / "a.ml", at(1, 13)))
        client.notify("textDocument/didClose", {"textDocument": {"uri": (root / "a.ml").as_uri()}})
        assert await client.diagnostics(root / "a.ml")


@pytest.mark.parametrize(("setting", "is_shown"), [("always", True), ("never", False)])
async def test_the_setting_has_the_last_word(toy: Toy, tmp_path: Path, setting: str, is_shown: bool) -> None:
    root = project(tmp_path / "p", a=RED)
    async with served(toy) as client:
        await client.initialize(root, options={"trust": "always", "ocamllsp": True, "publish": setting}, **MODERN)
        client.open(root / "a.ml")
        status = await client.status("red")
        assert (status["errors"], status["warnings"]) == (1, 0)
        shown = [n for n in client.notifications if n["method"] == "textDocument/publishDiagnostics"]
        assert bool([n for n in shown if n["params"]["diagnostics"]]) == is_shown
        assert any("Fix build error" in a["title"] for a in await client.actions(root / "a.ml", at(1, 13)))


async def test_the_version_is_told_to_clients_that_look_at_it(toy: Toy, tmp_path: Path) -> None:
    root = project(tmp_path / "p", a=RED)
    published = {"publishDiagnostics": {"versionSupport": True, "relatedInformation": True}}
    async with served(toy) as client:
        await client.initialize(root, options={"trust": "always"}, textDocument=published)
        await client.diagnostics(root / "a.ml")
        client.open(root / "a.ml", version=7)
        params = await client.notification("textDocument/publishDiagnostics", lambda p: p["diagnostics"])
        assert params["version"] == 7
        assert params["diagnostics"][0]["data"] == {"hint": 'Did you mean "length"?'}
        client.change(root / "a.ml", RED.replace("lenght", "size"), 8)
        params = await client.notification("textDocument/publishDiagnostics", lambda p: True)
        assert (params["version"], params["diagnostics"]) == (8, [])
