"""What tests of the evaluation engine share: a toolchain, a sandbox, projects, bases."""

import os
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest

from lsp_aid.build.toolchain import Toolchain, find
from lsp_aid.ces.base import BaseStore
from lsp_aid.ces.checkout import Folder
from lsp_aid.ces.engine import Engine, WarmBase, make_engine
from lsp_aid.ces.sandbox import find_sandbox
from lsp_aid.ces.unshare import Unshare
from lsp_aid.domain.changes import ChangeSet, FileChange
from tests.support.requires import require


def write(root: Path, files: Mapping[str, str | bytes | None]) -> Path:
    """Writes files below `root`; those that are None are removed."""
    for path, text in files.items():
        place = root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        if text is None:
            place.unlink()
        else:
            place.write_bytes(text if isinstance(text, bytes) else text.encode())
    return root


PROJECT = {
    "dune-project": "(lang dune 3.0)\n",
    "lib/dune": "(library (name shop))\n",
    "lib/item.ml": """\
type t = { name : string; price : int }

let make name price = { name; price }
let price i = i.price
""",
    "lib/item.mli": "type t\n\nval make : string -> int -> t\nval price : t -> int\n",
    "lib/stock.ml": "let total items = List.fold_left (fun n i -> n + Item.price i) 0 items\nlet empty = []\n",
    "lib/report.ml": 'let show items = "total: " ^ string_of_int (Stock.total items)\n',
    "bin/dune": "(executable (name main) (libraries shop))\n",
    "bin/main.ml": 'let () = print_endline (Shop.Report.show [ Shop.Item.make "tea" 3 ])\n',
    "test/dune": "(test (name t) (libraries shop))\n",
    "test/t.ml": 'let () = assert (Shop.Stock.total [ Shop.Item.make "tea" 3 ] = 3)\n',
}
"""A green project: a library with and without interfaces, a program, a test."""


@pytest.fixture
async def toolchain(tmp_path: Path) -> Toolchain:
    return await find(tmp_path, "", os.environ)


@pytest.fixture
async def unshare(home: Path) -> Unshare:
    require("unshare")
    found = await find_sandbox("unshare", os.environ)
    assert isinstance(found, Unshare)
    return found


@pytest.fixture
def root(home: Path) -> Path:
    """A green project in the home folder."""
    return write(home / "shop", PROJECT)


@pytest.fixture
def store(home: Path, toolchain: Toolchain, unshare: Unshare) -> BaseStore:
    return BaseStore(home / ".cache" / "lsp-aid" / "bases", toolchain, unshare)


def edits(warm: WarmBase, files: Mapping[str, str | None]) -> ChangeSet:
    """Changes of a base's files to these texts; None removes one."""
    view = warm.view
    return ChangeSet(
        FileChange(path, view.read(path) if view.exists(path) else None, text) for path, text in files.items()
    )


@pytest.fixture
async def engine(store: BaseStore, shared_typer: Path) -> AsyncIterator[Engine]:
    engine = make_engine(store, shared_typer)
    yield engine
    await engine.close()


@pytest.fixture(scope="session")
def shared_typer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the type checker is kept, which takes a while to compile."""
    return tmp_path_factory.mktemp("typer")


@pytest.fixture
async def warm(engine: Engine, root: Path) -> WarmBase:
    return await engine.open(Folder(root))
