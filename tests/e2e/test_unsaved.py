"""Errors of texts as they stand in the editor, before they are saved: what dune would say of them, and never anything
that it would not.

The scene holds each publish to that (`tests/support/recorder.py`): of a text that is not saved, dune is asked what it
says of the files with that text in it.
"""

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from lsp_aid.build.cache import cache_home
from tests.e2e.test_build_status import Scene, scene_of
from tests.support.recorder import Said

pytestmark = pytest.mark.dune

CODE_ACTION = "textDocument/codeAction"


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    async with scene_of(tmp_path, os.environ["PATH"]) as made:
        yield made


async def until(scene: Scene, path: str, holds: Callable[[list[Said]], bool]) -> list[Said]:
    """Waits until what is shown of a file is as wanted."""
    editor = scene.editor

    def shown() -> list[Said]:
        return sorted(editor.current.get(path, ()), key=lambda each: each.range)

    try:
        async with asyncio.timeout(120), editor.news:
            await editor.news.wait_for(lambda: holds(shown()))
    except TimeoutError:
        raise AssertionError(f"{path}: {shown()}\n{editor.shown()}") from None
    return shown()


def says(*words: str) -> Callable[[list[Said]], bool]:
    """Whether there are so many messages, and each has its words."""
    return lambda shown: len(shown) == len(words) and all(w in s.message for w, s in zip(words, shown, strict=True))


async def test_errors_come_and_go_as_one_types(scene: Scene) -> None:
    editor = scene.editor
    editor.read("b.ml")
    editor.type("b.ml", "let two = A.one + 1\nlet s = 1 ^ nope\n")
    (error,) = await until(scene, "b.ml", says("has type"))
    assert error.range == (1, 8, 1, 9)
    editor.type("b.ml", '(* é *)\nlet two = A.one + 1\nlet s = "" ^ nope\n')
    await until(scene, "b.ml", says("nope"))
    editor.type("b.ml", '(* é *)\nlet two = A.one + 1\nlet s = "" ^ A.one\n')
    await until(scene, "b.ml", says("A.one"))
    editor.type("b.ml", "let two = A.one + 1\nlet s = (\n")
    await until(scene, "b.ml", says("Syntax error"))
    editor.type("b.ml", "let two = A.one + 1\nlet f x = let y = 1 in x\n")
    (warning,) = await until(scene, "b.ml", says("unused variable"))
    assert (warning.severity, warning.code) == (1, "warning 26 [unused-var]")
    editor.type("b.ml", "let two = A.one + 1\n")
    await until(scene, "b.ml", says())


async def test_what_is_saved_is_judged_by_dune(scene: Scene) -> None:
    """The same error before and after a save, once."""
    editor = scene.editor
    editor.read("b.ml")
    editor.type("b.ml", "let two = A.one + true\n")
    await until(scene, "b.ml", says("bool"))
    await editor.save("b.ml")
    await scene.settled()
    editor.type("b.ml", "\n\nlet two = A.one + true\n")
    await until(scene, "b.ml", lambda shown: [each.range[0] for each in shown] == [2])
    editor.type("b.ml", "\n\nlet two = A.one + 2\n")
    await until(scene, "b.ml", says())
    editor.type("b.ml", "let two = A.one + true\n")  # as it is on disk
    await until(scene, "b.ml", says("bool"))
    await scene.save("b.ml", "let two = A.one + 1\n")


async def test_an_interface_and_its_implementation(scene: Scene) -> None:
    """Neither is saved."""
    editor = scene.editor
    editor.read("c.mli")
    editor.read("c.ml")
    editor.type("c.mli", "val three : string\n")
    await until(scene, "c.ml", says("does not match the interface"))
    editor.type("c.ml", 'let unused = 0\nlet three = "3"\n')
    await until(scene, "c.ml", says("unused value"))
    editor.type("c.mli", "val three : strin\n")
    await until(scene, "c.mli", says("strin"))
    editor.type("c.mli", "val three : string\nval unused : int\n")
    await until(scene, "c.mli", says())
    await until(scene, "c.ml", says())
    await editor.save("c.mli")
    await scene.save("c.ml", 'let unused = 0\nlet three = "3"\n')


async def test_nothing_is_said_of_what_depends_on_unsaved_text(scene: Scene) -> None:
    """The editor holds a module that dune has not seen yet: what uses it cannot be judged, unless it is no OCaml."""
    editor = scene.editor
    editor.read("a.ml")
    editor.read("b.ml")
    editor.type("a.ml", "(* é *)\nlet one = 1\nlet more = 2\n")
    editor.type("b.ml", "let two = A.more\n")
    editor.type("b.ml", "let two = A.more +\n")
    await until(scene, "b.ml", says("Syntax error"))
    editor.type("b.ml", "let two = A.more\n")
    await until(scene, "b.ml", says())
    await editor.save("a.ml")
    await editor.save("b.ml")
    await scene.settled()


async def test_a_module_that_is_not_built_is_no_error(scene: Scene) -> None:
    """Where A is red there is no interface of it: B, which uses it, has no error for that."""
    editor = scene.editor
    editor.read("a.ml")
    editor.read("b.ml")
    await scene.save("a.ml", "(* é *)\nlet one = 1 + nope\n")
    editor.type("b.ml", "let two = A.one + 2\n")
    editor.type("b.ml", "let two = A.one + (\n")
    await until(scene, "b.ml", says("Syntax error"))
    editor.type("b.ml", "let two = A.one + 3\n")
    await until(scene, "b.ml", says())
    await scene.save("a.ml", "(* é *)\nlet one = 1\nlet added = 5\n")
    editor.type("b.ml", "let two = A.added + true\n")
    await until(scene, "b.ml", says("bool"))


async def test_an_interface_that_waits_for_its_build_is_not_taken_for_what_it_was(scene: Scene) -> None:
    """C's interface has grown on disk, and cannot be built since A, which it uses, is red."""
    editor = scene.editor
    editor.read("a.ml")
    editor.read("b.ml")
    await editor.save("a.ml", "(* é *)\ntype t = int\nlet one = 1 + nope\n")
    await editor.write(c_mli="val three : int\nval four : A.t\n", c_ml="let three = 3\nlet four = 4\n")
    await scene.settled()
    editor.type("b.ml", "let two = C.four\n")
    editor.type("b.ml", "let two = C.four )\n")
    await until(scene, "b.ml", says("Syntax error"))
    editor.type("b.ml", "let two = C.four\n")
    await until(scene, "b.ml", says())
    await scene.save("a.ml", "(* é *)\ntype t = int\nlet one = 1\n")
    editor.type("b.ml", "let two = C.four ^ C.four\n")
    await until(scene, "b.ml", says("has type"))


async def test_a_module_that_nobody_has_is_an_error(scene: Scene) -> None:
    editor = scene.editor
    editor.read("b.ml")
    editor.type("b.ml", "let two = Aa.one\n")
    await until(scene, "b.ml", says("Unbound module"))
    editor.type("b.ml", "let two = Unix.getpid ()\n")  # it is not among the libraries
    await until(scene, "b.ml", says("Unbound module"))


async def test_an_error_that_is_not_saved_can_be_repaired(scene: Scene) -> None:
    editor = scene.editor
    editor.read("b.ml")
    text = "let two = A.one + 1\nlet s = List.lenght [two]\n"
    editor.type("b.ml", text)
    (error,) = await until(scene, "b.ml", says("lenght"))
    start, end = ({"line": line, "character": at} for line, at in (error.range[:2], error.range[2:]))
    params = {
        "textDocument": {"uri": (scene.root / "b.ml").as_uri()},
        "range": {"start": start, "end": end},
        "context": {"diagnostics": []},
    }
    async with asyncio.timeout(120):
        # Repairs are computed meanwhile.
        while not any("length" in str(each.get("edit")) for each in await editor.request(CODE_ACTION, params)):  # noqa: ASYNC110
            await asyncio.sleep(0.2)


async def test_what_changes_on_disk_behind_an_edited_document(scene: Scene) -> None:
    """The document is still what the user has typed."""
    editor = scene.editor
    editor.read("b.ml")
    editor.type("b.ml", "let two = A.one + true\n")
    await until(scene, "b.ml", says("bool"))
    editor.read("a.ml")
    for text in ("let two = A.one + nope\n", "let two = A.one + 5\n"):
        await editor.write(b_ml=text)
        changes = [{"uri": (scene.root / "b.ml").as_uri(), "type": 2}]
        editor.notify("workspace/didChangeWatchedFiles", {"changes": changes})
        await editor.fence()
        await scene.settled()
        await until(scene, "b.ml", says("bool"))


async def test_files_that_dune_does_not_know_are_left_alone(scene: Scene) -> None:
    editor = scene.editor
    (scene.root / "new").mkdir()
    await editor.write(new__n_ml="let x = 1 +\n")
    editor.read("new/n.ml")
    editor.type("new/n.ml", "let x = 1 + true\n")
    editor.read("b.ml")
    editor.type("b.ml", "let two = true + 1\n")
    await until(scene, "b.ml", says("bool"))
    assert not editor.current.get("new/n.ml")


async def test_a_typer_that_is_killed_is_started_again(scene: Scene) -> None:
    editor = scene.editor
    editor.read("b.ml")
    editor.type("b.ml", "let two = true + 1\n")
    await until(scene, "b.ml", says("bool"))
    pids = typers(cache_home(os.environ))
    assert pids
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):  # each request has one of its own, which ends with it
            os.kill(pid, signal.SIGKILL)
    editor.type("b.ml", "let two = 1 ^ 1\n")
    await until(scene, "b.ml", says("has type"))


def typers(cache: Path) -> list[int]:
    """The processes whose program lies below a folder."""
    found = []
    for folder in Path("/proc").iterdir():
        try:
            if folder.name.isdigit() and (folder / "exe").readlink().is_relative_to(cache):
                found.append(int(folder.name))
        except OSError:
            continue
    return found
