"""What an editor is shown of a project's builds, while files, watches and build folders come and go.

The program itself runs over pipes, with real dunes. After each step what is shown is what a clean `dune build` of the
same texts says; and nothing that was published on the way contradicts the text that it was published for.
"""

import asyncio
import os
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from attrs import define, field

from lsp_aid.build.toolchain import Toolchain, find
from tests.support.bare_client import at
from tests.support.ocaml_versions import NEWEST
from tests.support.program import program
from tests.support.recorder import Recorder, Truth

pytestmark = pytest.mark.dune

TARGETS = ("@@default", "@runtest")
RULES = '(rule (with-stdout-to out (echo "un\\ndeux\\n")))\n(rule (alias runtest) (action (diff expected out)))\n'
FILES = {
    "dune-project": "(lang dune 3.0)\n",
    "dune": "(library (name p) (flags (:standard -w +32 -warn-error -32)))\n",
    "a.ml": "(* é *)\nlet one = 1\n",
    "b.ml": "let two = A.one + 1\n",
    "c.mli": "val three : int\n",
    "c.ml": "let unused = 0\nlet three = 3\n",
}


@define(eq=False)
class Scene:
    """A project, an editor in it, and what the truth is."""

    root: Path
    editor: Recorder
    truth: Truth
    toolchain: Toolchain
    watches: list[asyncio.subprocess.Process] = field(factory=list)
    said: Path = field(init=False)

    @said.default
    def _said(self) -> Path:
        return self.root.parent / "watch.log"

    async def settled(self) -> None:
        await self.editor.settled(self.truth)

    async def save(self, path: str, text: str) -> None:
        await self.editor.save(path, text)
        await self.settled()

    async def write(self, **texts: str | None) -> None:
        await self.editor.write(**texts)
        await self.settled()

    async def watch(self) -> asyncio.subprocess.Process:
        """Starts a watch as the user does, and waits until the server has heard of it."""
        words = (str(self.toolchain.dune), "build", "--root", str(self.root), "--watch", *TARGETS)
        with self.said.open("ab") as output:
            watch = await asyncio.create_subprocess_exec(
                *words, env=dict(self.toolchain.environment), stdout=output, stderr=output
            )
        self.watches.append(watch)
        return watch

    async def followed(self, source: str) -> None:
        """Waits until the builds are those of a source, and what is shown is still true."""
        async with asyncio.timeout(60), self.editor.news:
            await self.editor.news.wait_for(lambda: self.editor.status.get("source") == source)
        await self.settled()

    async def close(self) -> None:
        for watch in self.watches:
            if watch.returncode is None:
                watch.kill()
            await watch.wait()
        await self.editor.check(self.truth)


@asynccontextmanager
async def scene_of(folder: Path, path: str) -> AsyncIterator[Scene]:
    """The paths of sockets are bounded, hence a folder with a short name."""
    with tempfile.TemporaryDirectory() as short:
        root = Path(short).resolve() / "project"  # noqa: ASYNC240
        root.mkdir()
        for name, text in FILES.items():
            (root / name).write_text(text)
        more = {"PATH": path, "XDG_RUNTIME_DIR": f"{short}/run"}
        toolchain = await find(root, "", {**os.environ, **more})
        async with program(folder / "home", Recorder, **more) as editor:
            scene = Scene(root, editor, Truth(toolchain, TARGETS), toolchain)
            await editor.begin(root, build={"targets": list(TARGETS)})
            await scene.settled()
            yield scene
            await scene.close()


@pytest.fixture(params=["dune", pytest.param("newest dune", marks=pytest.mark.needs("newest-dune"))])
async def scene(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Scene]:
    path = f"{NEWEST}{os.pathsep}{os.environ['PATH']}" if request.param == "newest dune" else os.environ["PATH"]
    async with scene_of(tmp_path, path) as made:
        yield made


async def test_files_are_broken_and_mended_in_the_editor(scene: Scene) -> None:
    editor = scene.editor
    editor.read("a.ml")
    editor.read("b.ml")
    await scene.save("a.ml", "(* é *)\nlet one = 1 + nope\n")
    editor.type("a.ml", "(* é *)\n\n(* more *) let one = 1 + nope\n")  # which moves it
    editor.type("a.ml", "(* é *)\n\n(* more *) let one = 1 + nop\n")  # which takes it down
    await editor.fence()
    await scene.save("b.ml", 'let two = A.one ^ "é" ^ A.two\n')
    await scene.save("a.ml", 'let two = "😀" ^ 1\nlet one = "1"\n')
    await scene.save("a.ml", 'let two = "😀" let one = "1"\n')
    await scene.save("b.ml", "let two = (\n")
    await scene.save("b.ml", "let two = A.two\n")
    await scene.save("a.ml", FILES["a.ml"])
    await scene.save("b.ml", FILES["b.ml"])


async def test_files_come_change_and_go_behind_the_editors_back(scene: Scene) -> None:
    await scene.write(a_ml="let one = nope\n")
    await scene.write(d_ml="let four = A.one + E.five\n", e_ml="let five = 5\n", a_ml="let one = 1\n")
    await scene.write(e_ml=None)
    await scene.write(d_ml=None, c_ml="let three = '3'\n")
    await scene.write(c_mli=None)
    await scene.write(c_ml="let unused = 0\r\nlet three = 3 +. 1\r\n")
    await scene.write(**{name.replace(".", "_"): FILES[name] for name in ("a.ml", "b.ml", "c.ml", "c.mli")})


async def test_saves_that_come_faster_than_builds(scene: Scene) -> None:
    editor = scene.editor
    editor.read("a.ml")
    editor.read("b.ml")
    for watch in (False, True):
        if watch:
            await scene.watch()
            await scene.followed("user watch")
        for number in range(12):
            name = "nope" if number % 3 else "1"
            await editor.save("a.ml", f"(* {'é' * number} *) let one = {name} + {number}\n")
            editor.type("b.ml", f"(* {number} *)\nlet two = A.one {'+' if number % 2 else '^'} 1\n")
            if number % 4 == 0:
                await editor.save("b.ml")
            await asyncio.sleep(0.013 * number)
        await editor.save("b.ml")
        await scene.settled()


async def test_dune_files_are_edited(scene: Scene) -> None:
    editor = scene.editor
    editor.read("dune")
    await scene.save("dune", "(library (name p)\n")
    await scene.save("dune", "(library (name p) (libraries nowhere))\n")
    await scene.save("dune", "(library (name p) (flags (:standard -w +32)))\n")
    await scene.save("dune", "(executable (name a))\n")
    await scene.write(a_ml="let one = B.two\n")  # a cycle
    await scene.write(dune_project="(lang dune 99.0)\n", a_ml=FILES["a.ml"])
    await scene.write(dune_project=FILES["dune-project"])
    await scene.save("dune", FILES["dune"])


async def test_watches_come_and_go(scene: Scene) -> None:
    editor = scene.editor
    editor.read("a.ml")
    first = await scene.watch()
    await scene.followed("user watch")
    await scene.save("a.ml", "let one = nope\n")
    second = await scene.watch()  # dune refuses it, and it is not our affair
    assert await second.wait() != 0
    await scene.save("a.ml", "let one = function 1 -> 2\n")
    await scene.write(b_ml="let two = A.one 1 + nope\n")
    first.send_signal(signal.SIGKILL)
    await scene.followed("own watch")
    await scene.save("a.ml", FILES["a.ml"])
    third = await scene.watch()
    await scene.followed("user watch")
    await scene.write(b_ml=FILES["b.ml"])
    third.send_signal(signal.SIGTERM)
    await scene.followed("own watch")
    await scene.save("a.ml", "let one = nope\n")
    assert await third.wait() is not None
    assert "Internal error" not in scene.said.read_text()


async def test_build_folders_are_removed(scene: Scene) -> None:
    watch = await scene.watch()
    await scene.followed("user watch")
    await scene.write(a_ml="let one = nope\n")
    shutil.rmtree(scene.root / "_build")
    await scene.followed("own watch")
    await scene.write(a_ml=FILES["a.ml"])
    for folder in Path(os.environ["XDG_CACHE_HOME"], "lsp-aid").glob("*/0/status"):  # noqa: ASYNC240
        shutil.rmtree(folder, ignore_errors=True)
    await scene.write(b_ml="let two = nope\n")
    await scene.write(b_ml=FILES["b.ml"])
    if watch.returncode is None:
        watch.kill()
    await scene.watch()
    await scene.followed("user watch")


async def test_a_red_test_is_promoted(scene: Scene) -> None:
    editor = scene.editor
    await scene.write(expected="one\ntwo\n", dune=FILES["dune"] + RULES)
    for watch in (False, True):
        if watch:
            await scene.write(expected="eins\ndeux\n")
            await scene.watch()
            await scene.followed("user watch")
        editor.read("expected")
        await promote(scene, "expected", "un\ndeux\n")
        await editor.save("expected")
        await scene.settled()
        editor.notify("textDocument/didClose", {"textDocument": {"uri": (scene.root / "expected").as_uri()}})
        del editor.versions["expected"]


async def promote(scene: Scene, path: str, wanted: str) -> None:
    editor, uri = scene.editor, (scene.root / path).as_uri()

    def apply(_: dict) -> dict:
        editor.type(path, wanted)
        return {"applied": True}

    editor.answers["workspace/applyEdit"] = apply
    (action,) = [a for a in await editor.actions(scene.root / path, at(0, 0)) if a["title"] == "Promote this"]
    job = await editor.command(action["command"]["command"], action["command"]["arguments"][0])
    assert (await editor.job(job["job"]))["state"] == "done"
    assert editor.texts[uri] == wanted


async def test_another_dune_takes_the_place_of_the_one_that_was_there(tmp_path: Path) -> None:
    """As after `opam switch` or an upgrade: what `dune` and `ocamlc` on PATH are is another."""
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("dune", "ocamlc"):
        found = shutil.which(name)
        assert found
        (programs / name).symlink_to(found)
    async with scene_of(tmp_path, f"{programs}{os.pathsep}{os.environ['PATH']}") as scene:
        await scene.write(a_ml="let one = nope\n")
        for name in ("dune", "ocamlc"):
            wrapper = programs / f"{name}.new"
            wrapper.write_text(f'#!/bin/sh\nexec {shutil.which(name)} "$@"\n')
            wrapper.chmod(0o755)
            wrapper.replace(programs / name)
        async with asyncio.timeout(60), scene.editor.news:
            await scene.editor.news.wait_for(lambda: scene.editor.status["state"] == "building")
        await scene.settled()
        await scene.write(a_ml=FILES["a.ml"])
