import json

import pytest

from lsp_aid.ces import dune_files
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
    "an action whose alias is named last (all of them)": {
        "dune-project": "(lang dune 1.11)\n",
        "gen/dune": "(library (name l))\n(alias (deps g.ml) (action (run cat g.ml)) (name check))",
        "gen/g.ml": "let x = 1\n",
    },
    "an action with a comment before its alias (all of them)": {
        "gen/dune": "(library (name l))\n(rule (alias ; (see below)\n check) (deps g.ml) (action (run cat g.ml)))",
        "gen/g.ml": "let x = 1\n",
    },
    "an action in a folder that would be a test later (all of them)": {
        "dune-project": "(lang dune 2.9)\n",
        "gen.t/dune": '(rule (alias check) (deps (glob_files ../gen/*.ml)) (action (system "cat ../gen/*.ml")))',
        "gen/dune": "(library (name l))",
        "gen/g.ml": "let x = 1\n",
    },
    "an action in a file that a dune file includes, with comments (all of them)": {
        "gen/dune": "(library (name l))\n( ; (more)\n include ; (here)\n more.rules)",
        "gen/more.rules": "(rule (alias check) (deps g.ml) (action (run cat g.ml)))",
        "gen/g.ml": "let x = 1\n",
    },
    "an action in a file that a dune file includes (all of them)": {
        "gen/dune": "(library (name l))\n(include more.rules)",
        "gen/more.rules": "(rule (alias check) (deps g.ml) (action (run cat g.ml)))",
        "gen/g.ml": "let x = 1\n",
    },
    "an action in a file that is included below (all of them)": {
        "gen/dune": "(library (name l))\n(subdir sub (include more.rules))",
        "gen/more.rules": "",
        "gen/sub/more.rules": "(rule (alias check) (deps ../g.ml) (action (run cat ../g.ml)))",
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


async def test_whose_text_is_read_by_others_than_compilers(root: Path, store: BaseStore) -> None:
    write(root, READERS["a rule"])
    units = (await graph_of(root, store)).units
    assert units["gen/g.ml"].is_read
    assert not units["lib/item.ml"].is_read


def test_dune_files_that_are_no_files_and_that_have_no_end(root: Path) -> None:
    """Nothing is read for them, and nothing is called proven."""
    (root / "lib" / "endless.sexp").symlink_to("/dev/zero")
    (root / "lib" / "itself.inc").write_text("(include itself.inc)")
    assert any("dynamic_include" in text for text in dune_files.read(root).values())


def test_folders_of_cram_tests_are_those_that_the_project_says(root: Path) -> None:
    projects = {
        "new": "(lang dune 3.0)\n",
        "new/off": "(lang dune 3.0)\n(cram disable)\n",
        "new/old": "(lang dune 2.9)\n",
        "on": "(lang dune 2.9)\n(cram enable)\n",
    }
    for folder, project in projects.items():
        write(root / folder, {"dune-project": project, "below/x.t/dune": "(rule (alias check) (action (progn)))"})
    found = [path.relative_to(root).parts for path in dune_files.read(root) if "x.t" in path.parts]
    assert sorted(found) == [("new", part, "below", "x.t", "dune") for part in ("off", "old")]


PPX: dict[str, str | bytes | None] = {
    "driver/dune": """\
(library
 (name my_driver)
 (public_name shop.driver)
 (ppx.driver (main My_driver.main))
 (libraries str))
""",
    "driver/my_driver.ml": """\
let main () =
  let out = ref "" and input = ref "" in
  let rec go = function
    | "-o" :: file :: rest -> out := file; go rest
    | ("--impl" | "--intf") :: file :: rest -> input := file; go rest
    | _ :: rest -> go rest
    | [] -> ()
  in
  go (List.tl (Array.to_list Sys.argv));
  let text = In_channel.with_open_bin !input In_channel.input_all in
  let forty_two = if Sys.file_exists "pp/forty_two" then "42" else "there is no forty-two" in
  let text = Str.global_replace (Str.regexp_string "[%blob]") forty_two text in
  let read = "# 1 \\"" ^ !input ^ "\\"\\n" ^ String.concat "42" (String.split_on_char '$' text) in
  if !out = "" then print_string read
  else Out_channel.with_open_bin !out (fun channel -> output_string channel read)
""",
    "rewriter/dune": "(library (name rw) (public_name shop.rw) (kind ppx_rewriter) (libraries shop.driver))",
    "rewriter/rw.ml": "let x = 1\n",
    "shop.opam": "",
    "pp/dune": "(library (name pp) (preprocess (pps shop.rw)) (preprocessor_deps forty_two))",
    "pp/forty_two": "",
    "pp/a.ml": "let answer = $\n",
    "pp/b.ml": "let more = A.answer + $\n",
    "pp/b.mli": "val more : int\n",
}
"""A library that is read by a rewriter, for which `$` stands for 42, and `[%blob]` too where a file is there."""


async def test_what_a_rewriter_reads_first(root: Path, store: BaseStore) -> None:
    write(root, PPX)
    graph = await graph_of(root, store)
    for name, kind in (("a.ml", "--impl"), ("b.ml", "--impl"), ("b.mli", "--intf")):
        unit = graph.units[f"pp/{name}"]
        assert unit.preprocessor[0].endswith("/ppx.exe")
        assert unit.preprocessor[-1] == kind
        assert not unit.ends_here
    assert graph.units["lib/item.ml"].preprocessor == ()


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
        read(rules, {}, ())
