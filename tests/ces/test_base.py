import asyncio
import fcntl
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from attrs import evolve

from lsp_aid.ces.base import Base, BaseStore, Goals, listed
from lsp_aid.ces.checkout import Folder, Source, digest, source_of
from lsp_aid.errors import FileUnwritableError, UsageError
from lsp_aid.workspace.view import WorkspaceView
from tests.ces.conftest import PROJECT, write
from tests.support.requires import require

pytestmark = pytest.mark.dune


async def made(store: BaseStore, source: Source) -> Base:
    async with store.hold(source) as base:
        return base


def git(root: Path, *words: str) -> str:
    done = subprocess.run(["git", *words], cwd=root, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def hg(root: Path, *words: str) -> str:
    return subprocess.run(["hg", *words], cwd=root, check=True, capture_output=True, text=True).stdout.strip()


def texts(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): path.read_text() if not path.is_symlink() else f"-> {path.readlink()}"
        for path in folder.rglob("*")
        if path.is_symlink() or (path.is_file() and "_build" not in path.parts)
    }


def built(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if "_build" in path.parts]


async def test_a_folder_is_built_once_for_each_content(root: Path, store: BaseStore) -> None:
    first = await made(store, Folder(root))
    assert first.record.checked.green
    assert first.record.built.green
    assert texts(first.tree) == texts(root)
    assert not built(root)
    assert (await made(store, Folder(root))).key == first.key
    write(root, {"lib/stock.ml": "let total = nope\n"})
    second = await made(store, Folder(root))
    assert second.key != first.key
    assert second.record.near == first.key
    assert [(d.path, d.message) for d in second.record.checked.errors] == [("lib/stock.ml", 'Unbound value "nope"')]
    assert first.record.built.green


@pytest.mark.parametrize("red", [False, True])
async def test_what_is_derived_is_what_is_made_from_nothing(
    root: Path, store: BaseStore, home: Path, red: bool
) -> None:
    await made(store, Folder(root))
    total = "nope" if red else "3"
    write(root, {"lib/stock.ml": f"let total _ = {total}\n", "lib/item.mli": None, "lib/new.ml": "let x = Item.make\n"})
    derived = await made(store, Folder(root))
    fresh = await made(evolve(store, folder=home / "other"), Folder(root))
    assert derived.record.near
    assert not fresh.record.near
    assert derived.record.built.diagnostics == fresh.record.built.diagnostics
    assert derived.graph == fresh.graph

    def products(base: Base) -> dict[str, bytes]:
        build = base.tree / "_build" / "default"
        return {str(path.relative_to(build)): path.read_bytes() for path in build.rglob("*.cm[iot]")}

    # What could not be built is left as it was.
    left = products(derived).items() - products(fresh).items()
    assert products(fresh).items() <= products(derived).items()
    assert not left if not red else left


async def test_the_texts_that_an_editor_holds(root: Path, store: BaseStore) -> None:
    view = WorkspaceView(root, {"lib/stock.ml": ("let total = 1 + true\n", 1)})
    base = await made(store, Folder(root, view))
    assert not base.record.built.green
    assert (base.tree / "lib" / "stock.ml").read_text() == "let total = 1 + true\n"


async def test_data_of_a_test_may_lie_in_folders_of_any_name(root: Path, store: BaseStore) -> None:
    test = 'let () = assert (Sys.file_exists "data/node_modules/x" && Sys.file_exists "data/_build/y")\n'
    dirs = "(subdir data (dirs :standard _build))\n"
    rule = "(rule (alias default) (deps (source_tree data)) (action (run ./t.exe)))\n"
    data = dict.fromkeys(("test/data/node_modules/x", "test/data/_build/y", "_opam/z", "test/data/.git/HEAD"), "")
    write(root, {"test/dune": f"(executable (name t))\n{rule}{dirs}", "test/t.ml": test, **data})
    base = await made(store, Folder(root))
    assert base.record.built.green, base.record.built.errors
    assert not (base.tree / "_opam").exists()
    assert not (base.tree / "test/data/.git").exists()


async def test_revisions_of_git(root: Path, store: BaseStore) -> None:
    require("git")
    (root / "run.sh").write_text("#!/bin/sh\n")
    (root / "run.sh").chmod(0o755)
    (root / "alias").symlink_to("lib/item.ml")
    # Contents are taken as they are, and no program that the repository names is run.
    write(root, {".gitattributes": "*.ml filter=evil\nlib/item.mli export-ignore\n", "é.txt": b"\xff\x00\r\n"})
    for words in (["init", "-q"], ["config", "filter.evil.clean", "cat"], ["add", "-A"], ["commit", "-qm", "one"]):
        git(root, *words)
    git(root, "config", "filter.evil.smudge", f"touch {root}/evil; cat")
    git(root, "config", "core.fsmonitor", f"touch {root}/evil")
    write(root, {"lib/stock.ml": "broken", "lib/item.ml": "broken"})
    base = await made(store, source_of(root, "HEAD", os.environ))
    assert base.record.revision == git(root, "rev-parse", "HEAD")
    assert base.record.built.green
    assert (base.tree / "lib" / "stock.ml").read_text() == PROJECT["lib/stock.ml"]
    assert (base.tree / "lib" / "item.mli").exists()
    assert (base.tree / "é.txt").read_bytes() == b"\xff\x00\r\n"
    assert os.access(base.tree / "run.sh", os.X_OK)
    assert (base.tree / "alias").readlink() == Path("lib/item.ml")
    assert not (root / "evil").exists()
    with pytest.raises(UsageError, match="nowhere"):
        await made(store, source_of(root, "nowhere", os.environ))
    with pytest.raises(UsageError):
        await made(store, source_of(root, "--output=x", os.environ))


async def test_a_project_in_a_folder_of_a_repository(root: Path, store: BaseStore) -> None:
    require("git", "hg")
    top = root.parent / "top"
    write(top, {f"shop/{path}": text for path, text in PROJECT.items()})
    write(top, {"other/dune-project": "(lang dune 9.9)"})
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "one"]):
        git(top, *words)
    by_git = await made(store, source_of(top / "shop", "HEAD", os.environ))
    shutil.move(top / ".git", top.parent / "was.git")
    for words in (["init"], ["add"], ["commit", "-m", "one"]):
        hg(top, *words)
    by_hg = await made(store, source_of(top / "shop", ".", os.environ))
    assert texts(by_git.tree) == texts(by_hg.tree) == texts(top / "shop")
    assert by_hg.record.revision == hg(top, "log", "-r", ".", "-T", "{node}")
    with pytest.raises(UsageError, match="no dune project"):
        await made(store, source_of(top, ".", os.environ))


async def test_without_version_control_there_is_no_revision(root: Path) -> None:
    with pytest.raises(UsageError, match="no version control"):
        source_of(root, "HEAD", os.environ)


async def test_toolchain_environment_and_goals_tell_bases_apart(root: Path, store: BaseStore) -> None:
    environment = {**store.toolchain.environment, "OCAMLRUNPARAM": "b"}
    others = [
        evolve(store, goals=Goals(options=("--profile=release",))),
        evolve(store, toolchain=evolve(store.toolchain, environment=environment)),
        evolve(store, toolchain=evolve(store.toolchain, ocaml_version="5.0.0")),
    ]
    assert len({each.key("r", "1") for each in (store, *others)}) == 4


async def test_a_library_that_is_upgraded_in_place_tells_bases_apart(
    root: Path, store: BaseStore, tmp_path: Path
) -> None:
    write(tmp_path, {"libraries/one/META": 'version = "1"\n'})
    store = evolve(store, toolchain=evolve(store.toolchain, visible=(tmp_path / "libraries",)))
    before = store.key("repository", "revision")
    assert store.key("repository", "revision") == before
    write(tmp_path, {"libraries/one/META": 'version = "1.1"\n'})
    assert store.key("repository", "revision") != before


async def test_programs_of_a_base_are_shut_in_when_it_is_made(root: Path, store: BaseStore, home: Path) -> None:
    (home / "secret").write_text("the-secret")
    rule = f'(rule (alias default) (action (system "cat {home}/secret; touch {home}/attacked; ls {root}; exit 1")))'
    write(root, {"dune": rule})
    base = await made(store, Folder(root))
    assert not base.record.built.green
    assert "the-secret" not in base.record.built.output
    assert "item.ml" not in base.record.built.output
    assert not (home / "attacked").exists()


async def test_two_that_want_the_same_base_make_it_once(root: Path, store: BaseStore) -> None:
    bases = await asyncio.gather(*(made(store, Folder(root)) for _ in range(3)))
    assert len({base.key for base in bases}) == 1
    assert len(list(listed(store.folder))) == 1
    assert not list(store.folder.glob("making-*"))


async def test_the_ones_not_used_for_longest_go_and_those_in_use_stay(root: Path, store: BaseStore) -> None:
    bases = []
    for number in range(3):
        write(root, {"lib/stock.ml": f"let total _ = {number}\n"})
        bases.append(await made(store, Folder(root)))
        os.utime(bases[-1].folder / "used", (number, number))
    store.budget = bases[0].record.size * 3 // 2
    async with store.hold(Folder(root)):
        store.make_room()
        assert [record.revision for record, _ in listed(store.folder)] == [bases[2].record.revision]
        store.budget = 0
        store.make_room()
        assert bases[2].is_there
    store.make_room()
    assert not list(listed(store.folder))
    assert (await made(store, Folder(root))).record.built.green


async def test_a_base_may_take_longer_than_a_verdict(root: Path, store: BaseStore) -> None:
    slow = '(rule (with-stdout-to made (system "sleep 3; echo done")))'
    write(root, {"dune": f"{slow}\n(rule (alias default) (action (cat made)))"})
    base = await made(evolve(store, limits=evolve(store.limits, seconds=2.0)), Folder(root))
    assert base.record.built.green


async def test_half_a_base_is_none(root: Path, store: BaseStore) -> None:
    base = await made(store, Folder(root))
    store._known.clear()
    (base.folder / "base.json").write_text("{")
    again = await made(store, Folder(root))
    assert again.record.built.green
    (again.folder / "graph.json").write_text("[]")
    store._known.clear()
    without = await made(store, Folder(root))
    assert without.graph.units == {}


async def test_a_base_of_which_a_source_is_gone_is_made_anew(root: Path, store: BaseStore) -> None:
    base = await made(store, Folder(root))
    (base.tree / "test/t.ml").unlink()
    async with asyncio.timeout(60):  # it once waited for itself
        again = await made(evolve(store), Folder(root))
    assert again.key == base.key
    assert texts(again.tree) == texts(root)
    assert again.record.near == ""


async def test_two_damaged_bases_are_made_anew_at_once(root: Path, store: BaseStore) -> None:
    """Each is near to the other."""
    require("git")
    git(root, "init", "--quiet")
    for number in range(2):
        write(root, {"lib/more.ml": f"let x = {number}\n"})
        git(root, "add", ".")
        git(root, "-c", "user.name=n", "-c", "user.email=e", "commit", "--quiet", "--message", "a")
    sources = [source_of(root, revision, os.environ) for revision in ("HEAD", "HEAD~1")]
    for base in [await made(store, source) for source in sources]:
        (base.tree / "test/t.ml").unlink()
    async with asyncio.timeout(60):
        again = await asyncio.gather(*(made(evolve(store), source) for source in sources))
    assert all(base.record.built.green for base in again)


async def test_a_base_that_another_process_makes_and_goes_on_to_use(root: Path, store: BaseStore) -> None:
    both = asyncio.Barrier(2)

    async def use() -> None:
        async with evolve(store).hold(Folder(root)):
            await both.wait()

    async with asyncio.timeout(60):
        await asyncio.gather(use(), use())


async def test_a_damaged_base_that_another_process_uses_is_not_waited_for_without_end(
    root: Path, store: BaseStore
) -> None:
    base = await made(store, Folder(root))
    fresh = evolve(store, patience=0.3)
    async with asyncio.timeout(60), store.hold(Folder(root)):
        (base.tree / "test/t.ml").unlink()
        with pytest.raises(FileUnwritableError, match=f"{base.key} .* another process"):
            await made(fresh, Folder(root))
    assert texts((await made(fresh, Folder(root))).tree) == texts(root)


async def test_a_lock_that_another_process_holds_is_waited_for(root: Path, store: BaseStore) -> None:
    base = await made(store, Folder(root))
    lock = os.open(base.folder.with_name(f"{base.key}.lock"), os.O_RDWR)
    fcntl.flock(lock, fcntl.LOCK_EX)
    task = asyncio.create_task(made(store, Folder(root)))
    await asyncio.sleep(0.3)
    assert not task.done()
    os.close(lock)
    assert (await task).key == base.key


def test_a_digest_tells_contents_and_nothing_else(tmp_path: Path) -> None:
    def of(**files: str) -> str:
        folder = tmp_path / str(len(list(tmp_path.iterdir())))
        folder.mkdir()
        return digest(write(folder, {name.replace("__", "/"): text for name, text in files.items()}))

    same = of(a="1", b__c="2"), of(b__c="2", a="1"), of(a="1", b__c="2", _build__x="3")
    assert len(set(same)) == 1
    assert len({same[0], of(a="1", b="2"), of(a="1"), of(a="2", b__c="1"), of(a="1b", c="2")}) == 5
