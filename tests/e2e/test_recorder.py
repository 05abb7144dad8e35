"""What is held to the text has teeth: publishes that are stale, misplaced or made up are found."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from lsp_aid.build.toolchain import Toolchain
from tests.support.recorder import Recorder, Said, Texts, Truth

RED, GREEN = "let a = nope\n", "let a = 1\n"
ERROR = Said(1, None, "Unbound value nope", (0, 8, 0, 12))


class Known(Truth):
    """Of texts without any dune: `nope` at its first place is an error."""

    async def of(self, texts: Texts) -> dict[str, frozenset[Said]]:
        return {path: frozenset({ERROR}) for path, text in texts if text.startswith(RED[:12])}


@pytest.fixture
async def editor(tmp_path: Path) -> AsyncIterator[Recorder]:
    editor = Recorder(asyncio.StreamReader(), None)  # type: ignore[arg-type]
    editor.notify = lambda *_: None  # type: ignore[method-assign]
    editor.root = tmp_path
    (tmp_path / "a.ml").write_text(RED)
    editor.note()
    editor.read("a.ml")
    yield editor
    await editor.hang_up() if editor.writer else editor._loop.cancel()


def publish(editor: Recorder, version: int | None, *places: tuple[int, int, int]) -> None:
    items: list[dict[str, Any]] = []
    for line, start, end in places:
        ends = {"start": {"line": line, "character": start}, "end": {"line": line, "character": end}}
        items.append({"range": ends, "severity": 1, "message": "Unbound value nope"})
    uri = (editor.root / "a.ml").as_uri()
    editor._record({"uri": uri, "version": version, "diagnostics": items})


TRUTH = Known(Toolchain(None, None, (), "", {}, ""), ())


async def test_what_is_so_and_what_has_moved_passes(editor: Recorder) -> None:
    publish(editor, 1, (0, 8, 12))
    editor.type("a.ml", f"\n{RED}")
    publish(editor, 2, (1, 8, 12))
    editor.type("a.ml", GREEN)
    publish(editor, 3)
    await editor.check(TRUTH)


@pytest.mark.parametrize(("version", "place"), [(2, (0, 8, 12)), (1, (1, 8, 12)), (1, (0, 4, 5)), (None, (0, 8, 12))])
async def test_what_is_of_another_version_or_place_is_found(
    editor: Recorder, version: int | None, place: tuple[int, int, int]
) -> None:
    publish(editor, version, place)
    with pytest.raises(AssertionError):
        await editor.check(TRUTH)


async def test_what_stays_though_its_text_is_another_is_found(editor: Recorder) -> None:
    publish(editor, 1, (0, 8, 12))
    editor.type("a.ml", "let a = pone\n")
    publish(editor, 2, (0, 8, 12))
    with pytest.raises(AssertionError):
        await editor.check(TRUTH)


async def test_what_was_mended_and_is_said_again_is_found(editor: Recorder) -> None:
    publish(editor, 1, (0, 8, 12))
    editor.type("a.ml", "(* nope *) let a = 1\n")
    (editor.root / "a.ml").write_text("(* nope *) let a = 1\n")
    editor.note()
    publish(editor, 2, (0, 3, 7))  # the server may not know yet, and the text is there
    await editor.check(TRUTH)
    publish(editor, 2)
    editor.since = 1
    publish(editor, 2, (0, 3, 7))
    with pytest.raises(AssertionError):
        await editor.check(TRUTH)
