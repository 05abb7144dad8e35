import json

import pytest

from lsp_aid.ces.base import BaseStore
from lsp_aid.ces.checkout import Folder
from lsp_aid.ces.graph import Graph, GraphError, read
from tests.ces.conftest import Path, write

pytestmark = pytest.mark.dune


async def graph_of(root: Path, store: BaseStore) -> Graph:
    async with store.hold(Folder(root)) as base:
        assert Graph.of(json.loads(json.dumps(base.graph.data()))) == base.graph
        return base.graph


async def test_units_flags_and_who_sees_whom(root: Path, store: BaseStore) -> None:
    write(root, {"lib/dune": '(library (name shop) (flags (:standard -w "-32 -33")))', "lib/main.ml": "let x = 1\n"})
    graph = await graph_of(root, store)
    assert set(graph.units) == {
        *("lib/item.ml", "lib/item.mli", "lib/stock.ml", "lib/report.ml", "lib/main.ml", "bin/main.ml", "test/t.ml"),
    }
    item, interface = graph.units["lib/item.ml"], graph.units["lib/item.mli"]
    stock, report, main = (graph.units[path] for path in ("lib/stock.ml", "lib/report.ml", "bin/main.ml"))
    assert item.object == interface.object == "_build/default/lib/.shop.objs/byte/shop__Item"
    assert item.name == "shop__Item"
    assert "-32 -33" in item.words
    assert not {"-o", "-c", "-impl", "lib/item.ml"} & set(item.words)
    assert stock.may_see(item)
    assert report.may_see(item)
    assert main.may_see(item)
    assert not item.may_see(stock)
    assert {unit.is_seen for unit in (item, interface, stock)} == {True}
    assert not main.is_seen
    assert all(unit.ends_here for unit in graph.units.values())
    assert graph.neighbours(item) >= {"Item", "Stock", "Report", "Main", "Shop"}
    assert "Shop" not in graph.neighbours(main)


READERS = {
    "a program that the build runs": {
        "gen/dune": "(executable (name g) (modules g))\n(library (name l) (modules out))\n"
        "(rule (with-stdout-to out.ml (run ./g.exe)))",
        "gen/g.ml": 'let () = print_string "let x = 1"\n',
    },
    "a rule": {
        "gen/dune": "(library (name l) (modules g m))\n(rule (with-stdout-to m.ml (cat g.ml)))",
        "gen/g.ml": "let x = 1\n",
    },
    "a glob": {
        "gen/dune": "(library (name l))",
        "gen/g.ml": "let x = 1\n",
        "use/dune": "(library (name u))\n"
        '(rule (deps (glob_files ../gen/*.ml)) (target o.ml) (action (write-file o.ml "")))',
    },
    "all that there is": {
        "gen/dune": "(library (name l))",
        "gen/g.ml": "let x = 1\n",
        "use/dune": '(library (name u))\n(rule (deps (universe)) (action (write-file o.ml "")))',
    },
    "an action without targets (all of them, since dune does not tell)": {
        "gen/dune": "(library (name l))\n(rule (alias check) (deps g.ml) (action (run cat g.ml)))",
        "gen/g.ml": "let x = 1\n",
    },
    "a copy in another library": {
        "gen/dune": "(library (name l))",
        "gen/g.ml": "let x = 1\n",
        "copy/dune": "(copy_files ../gen/g.ml)\n(library (name c))",
    },
    "a dune file": {
        "gen/dune": "(library (name l) (flags (:standard %{read-strings:flags.txt})))\n; g.ml",
        "gen/flags.txt": "",
        "gen/g.ml": "let x = 1\n",
    },
}


@pytest.mark.parametrize("reader", READERS)
async def test_what_else_reads_a_module(root: Path, store: BaseStore, reader: str) -> None:
    write(root, READERS[reader])
    graph = await graph_of(root, store)
    found = graph.units.get("gen/g.ml")
    assert found is None or not found.ends_here
    if "all" not in reader:
        assert graph.units["lib/item.ml"].ends_here


async def test_what_a_preprocessor_reads_is_no_unit(root: Path, store: BaseStore) -> None:
    write(root, {"lib/dune": "(library (name shop) (preprocess (action (run cat %{input-file}))))"})
    assert not {"lib/item.ml", "lib/item.mli"} & set((await graph_of(root, store)).units)


async def test_a_base_with_errors_has_its_graph_unless_dune_cannot_tell(root: Path, store: BaseStore) -> None:
    write(root, {"lib/stock.ml": "let x = nope\n"})
    assert "lib/stock.ml" in (await graph_of(root, store)).units
    write(root, {"lib/stock.ml": "let x = \n"})
    assert (await graph_of(root, store)).units == {}


@pytest.mark.parametrize("rules", ["(", ")", "()", "((deps ()) (targets 1))", "x"])
def test_what_is_no_list_of_rules(rules: str) -> None:
    with pytest.raises(GraphError):
        read(rules, "", ())
