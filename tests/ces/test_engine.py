"""Verdicts: of each tier, against the base, under a policy, and where nobody can know."""

import asyncio
import contextlib
import os
import shutil
import signal
from pathlib import Path

import pytest
from attrs import evolve

from lsp_aid.ces.base import BaseStore
from lsp_aid.ces.checkout import Folder, digest
from lsp_aid.ces.engine import Engine, Request, WarmBase, make_engine
from lsp_aid.ces.policy import Policy
from lsp_aid.ces.verdict import Colour, Level, RanTests, Tier, Verdict
from lsp_aid.domain.changes import ChangeSet, FileChange
from lsp_aid.edits.unified_diff import render
from lsp_aid.errors import UsageError
from tests.ces.conftest import PROJECT, edits, write
from tests.ces.test_graph import PPX
from tests.ces.test_keeping import keepers
from tests.support.processes import running

pytestmark = pytest.mark.dune

STOCK, ITEM, ITEM_I = PROJECT["lib/stock.ml"], PROJECT["lib/item.ml"], PROJECT["lib/item.mli"]
TYPES, BUILD, TEST = Level.TYPES, Level.BUILD, Level.TEST

CASES: dict[str, tuple[dict[str, str | None], Level, str, str]] = {
    "a comment": ({"lib/stock.ml": f"(* counted *)\n{STOCK}"}, TYPES, "green", "types"),
    "another body": ({"lib/item.ml": ITEM.replace("= i.price", "= i.price + 1")}, TYPES, "green", "types"),
    "a program, which nobody sees": ({"bin/main.ml": "let x = 1\nlet () = print_int x\n"}, TYPES, "green", "types"),
    "a wrong type": ({"lib/stock.ml": STOCK.replace(" 0 ", " 0.5 ")}, TEST, "red", "types"),
    "no OCaml": ({"lib/stock.ml": "let total = (\n"}, TEST, "red", "parses"),
    "a comment without an end": ({"lib/stock.ml": "(* let total = 1\n"}, TYPES, "red", "parses"),
    "an unused variable": (
        {"lib/item.ml": ITEM.replace("let price i", "let unused = 1\nlet price i")},
        TYPES,
        "red",
        "types",
    ),
    "an implementation that its interface does not fit": ({"lib/item.mli": "val x : int\n"}, TYPES, "red", "types"),
    "what others see, to their harm": ({"lib/stock.ml": STOCK.replace("items =", "() items =")}, TYPES, "red", "types"),
    "what others see, without harm": ({"lib/stock.ml": f"{STOCK}let more = 1\n"}, TYPES, "green", "types"),
    "a deprecation": ({"lib/item.mli": f'{ITEM_I.rstrip()} [@@deprecated "no"]\n'}, TYPES, "red", "types"),
    "a cycle": ({"lib/item.ml": f"{ITEM}let _ = Stock.empty\n"}, TYPES, "red", "check"),
    "a cycle by a name alone": ({"lib/item.ml": f"{ITEM}let () = let module S = Stock in ()\n"}, TYPES, "red", "check"),
    "a module in need of no other": ({"lib/stock.ml": f"{STOCK}let _ = List.length\n"}, TYPES, "green", "types"),
    "a new file": ({"lib/new.ml": "let x = Item.make\n"}, TYPES, "green", "check"),
    "a new file that is red": ({"lib/new.ml": "let x = Item.mak\n"}, TYPES, "red", "check"),
    "a file gone": ({"lib/report.ml": None}, TYPES, "red", "check"),
    "a dune file": ({"lib/dune": "(library (name shop) (flags (:standard -w -a)))\n"}, TYPES, "green", "check"),
    "a dune file that dune cannot read": ({"lib/dune": "(library"}, TYPES, "red", "check"),
    "two files that need one another": (
        {"lib/stock.ml": "let total = List.length\n", "lib/report.ml": "let show i = string_of_int (Stock.total i)\n"},
        *(TYPES, "green", "types"),
    ),
    "two files, one of them red": (
        {"lib/stock.ml": f"{STOCK}let a = 1\n", "bin/main.ml": "let () = 1\n"},
        TYPES,
        "red",
        "types",
    ),
    "a build": ({"lib/item.ml": ITEM.replace("= i.price", "= i.price + 1")}, BUILD, "green", "build"),
    "tests that pass": ({"lib/stock.ml": f"{STOCK}(* still *)\n"}, TEST, "green", "test"),
    "tests that fail": ({"lib/item.ml": ITEM.replace("= i.price", "= i.price + 1")}, TEST, "red", "test"),
}


@pytest.mark.parametrize("case", CASES)
async def test_a_verdict_and_the_tier_that_speaks(engine: Engine, warm: WarmBase, case: str) -> None:
    files, level, colour, tier = CASES[case]
    diff = render(edits(warm, files))
    verdict = await engine.evaluate(warm, Request(diff, level=level))
    assert (verdict.colour, verdict.tier) == (colour, tier), verdict
    assert verdict.applied
    assert bool(verdict.errors) == (colour == "red")
    assert verdict.new == verdict.errors
    assert (verdict.tests == RanTests(1, int(colour == "red"))) if tier == "test" else (verdict.tests is None)


async def judged(
    engine: Engine, warm: WarmBase, files: dict[str, str | None], level: Level = BUILD, **policy: object
) -> Verdict:
    request = Request(changes=edits(warm, files), level=level, policy=Policy(**policy))  # type: ignore[arg-type]
    return await engine.evaluate(warm, request)


async def test_a_rewriter_of_the_project_is_run_as_dune_runs_it(engine: Engine, root: Path) -> None:
    write(root, PPX)
    warm = await engine.open(Folder(root))
    assert warm.base.record.built.green
    red = await judged(engine, warm, {"pp/b.ml": "\nlet more = A.answer ^ $\n"}, TYPES)
    assert (red.colour, red.tier) == (Colour.RED, Tier.TYPES)
    assert [(d.path, d.range.start.line) for d in red.errors] == [("pp/b.ml", 1)]
    # A rewriter may do what the checker does not see, so that dune has to say that it is green.
    green = await judged(engine, warm, {"pp/b.ml": "let more = A.answer - $\n"}, TYPES)
    assert (green.colour, green.tier) == (Colour.GREEN, Tier.CHECK)
    # It may read a file, which lies elsewhere for the checker.
    blob = await judged(engine, warm, {"pp/b.ml": "let more = A.answer + $ + [%blob]\n"}, TYPES)
    assert (blob.colour, blob.tier) == (Colour.GREEN, Tier.CHECK)


GENERATED: dict[str, str | None] = {
    "gen/dune": "(executable (name gen) (modules gen))\n(rule (with-stdout-to made.ml (run ./gen.exe)))",
    "gen/gen.ml": 'let () = print_string "let x = 1"\n',
    "use/dune": "(copy_files ../gen/made.ml)\n(library (name use))",
    "use/user.ml": "let y = Made.x\n",
}


async def test_what_a_changed_program_writes_is_not_what_it_wrote(engine: Engine, root: Path) -> None:
    write(root, GENERATED)
    warm = await engine.open(Folder(root))
    more = {"gen/gen.ml": 'let () = print_string "let x = 1 let z = 2"\n', "use/user.ml": "let y = Made.z\n"}
    green = await judged(engine, warm, {**more}, TYPES)
    assert (green.colour, green.tier) == (Colour.GREEN, Tier.CHECK)
    both = await judged(engine, warm, {**more, "gen/gen.ml": "let () = nope\n"}, TYPES)
    assert [error.path for error in both.errors] == ["gen/gen.ml"]
    alone = await judged(engine, warm, {"use/user.ml": "let y = Made.z\n"}, TYPES)
    assert (alone.colour, alone.tier) == (Colour.RED, Tier.TYPES)
    silent = await judged(engine, warm, {"gen/gen.ml": 'let () = print_string "let w = 1"\n'}, TYPES)
    assert (silent.colour, silent.tier) == (Colour.RED, Tier.CHECK)


async def test_an_interface_whose_implementation_the_build_writes(engine: Engine, root: Path) -> None:
    files = {
        "made/dune": '(library (name made))\n(ocamllex lx)\n(rule (with-stdout-to c.ml (echo "let x = 1")))\n',
        "made/c.mli": "val x : int\n",
        "made/lx.mli": "val token : Lexing.lexbuf -> string\n",
        "made/lx.mll": 'rule token = parse _ { "x" }\n',
    }
    warm = await engine.open(Folder(write(root, files)))
    for path, text, colour in (
        ("made/c.mli", "val x : string\n", Colour.RED),
        ("made/lx.mli", f"{files['made/lx.mli']}val other : int\n", Colour.RED),
        ("made/c.mli", "type t = int\nval x : int\n", Colour.RED),
        ("made/c.mli", "(* one *)\nval x : int\n", Colour.GREEN),
    ):
        verdict = await judged(engine, warm, {path: text}, TYPES)
        assert verdict.colour is colour, (path, text)


async def test_what_is_made_of_the_text_of_a_module_may_be_what_it_needs(engine: Engine, root: Path) -> None:
    names = "sed -n 's/.*Names.\\\\([a-z]*\\\\).*/let \\\\1 = 1/p' %{dep:user.ml}"
    rule = f'(rule (with-stdout-to names.ml (system "{names}")))'
    write(root, {"use/dune": f"(library (name use))\n{rule}\n", "use/user.ml": "let x = Names.one\n"})
    warm = await engine.open(Folder(root))
    two = await judged(engine, warm, {"use/user.ml": "let x = Names.one\nlet y = Names.two\n"}, TYPES)
    assert (two.colour, two.tier) == (Colour.GREEN, Tier.CHECK)
    wrong = await judged(engine, warm, {"use/user.ml": "let x = Names.one ^ 1\n"}, TYPES)
    assert (wrong.colour, wrong.tier) == (Colour.RED, Tier.CHECK)


async def test_rules_in_files_that_dune_files_include(engine: Engine, root: Path) -> None:
    rule = '(rule (alias check) (action (system "grep -q x.=.1 %{dep:a.ml}")))'
    files = {
        "use/dune": "(library (name use))\n(include more.rules)\n",
        "use/more.rules": rule,
        "use/a.ml": "let x = 1\n",
    }
    warm = await engine.open(Folder(write(root, files)))
    red = await judged(engine, warm, {"use/a.ml": "let x = 2\n"}, TYPES)
    assert (red.colour, red.tier) == (Colour.RED, Tier.CHECK)


@pytest.mark.parametrize(
    "diff",
    [
        "--- a/lib/stock.ml\n+++ b/lib/stock.ml\n@@ -1 +1 @@\n-let nobody = wrote this\n+x\n",
        "--- /dev/null\n+++ b/../evil.ml\n@@ -0,0 +1 @@\n+let x = 1\n",
        "--- /dev/null\n+++ b/.git/hooks/pre-commit\n@@ -0,0 +1 @@\n+x\n",
        "--- /dev/null\n+++ b/lib/_build/x.ml\n@@ -0,0 +1 @@\n+let x = 1\n",
        "--- /dev/null\n+++ b/away/evil.ml\n@@ -0,0 +1 @@\n+let x = 1\n",
        "nothing that looks like a diff",
        "",
        "--- a/lib/stock.ml\n+++ b/lib/stock.ml\n@@ -2 +2 @@\n-let empty = []\n+let empty = []\n",
        "diff --git a/x.ml b/x.ml\nnew file mode 120000\n--- /dev/null\n+++ b/x.ml\n@@ -0,0 +1 @@\n+let x = 1\n",
    ],
)
async def test_what_does_not_apply_is_red(engine: Engine, root: Path, diff: str) -> None:
    (root / "away").symlink_to("/tmp")
    warm = await engine.open(Folder(root))
    verdict = await engine.evaluate(warm, Request(diff))
    assert (verdict.colour, verdict.tier, verdict.applied) == (Colour.RED, Tier.APPLIES, False)
    assert verdict.reason


@pytest.mark.parametrize(
    "diff",
    [
        '--- /dev/null\n+++ b/lib/x.ml\n@@ -0,0 +1 @@\n+let x = "\udcff"\n',
        "diff --git a/x.png b/x.png\nindex 1..2 100644\nGIT binary patch\nliteral 5\nMcmZQz\n\n",
    ],
)
async def test_nothing_is_known_of_what_is_no_text(engine: Engine, warm: WarmBase, diff: str) -> None:
    verdict = await engine.evaluate(warm, Request(diff))
    assert (verdict.colour, verdict.tier) == (Colour.UNKNOWN, None)


async def test_nothing_is_known_of_what_is_hardly_source(engine: Engine, root: Path) -> None:
    warm = await engine.open(Folder(write(root, {"test/data/node_modules/x": "a\n"})))
    diff = "--- a/test/data/node_modules/x\n+++ b/test/data/node_modules/x\n@@ -1 +1 @@\n-a\n+b\n"
    verdict = await engine.evaluate(warm, Request(diff))
    assert (verdict.colour, verdict.tier) == (Colour.UNKNOWN, None)


async def test_a_renamed_module_is_built_under_its_new_name(engine: Engine, warm: WarmBase) -> None:
    names = "rename from lib/report.ml\nrename to lib/summary.ml\n"
    move = f"diff --git a/lib/report.ml b/lib/summary.ml\nsimilarity index 100%\n{names}"
    verdict = await engine.evaluate(warm, Request(move))
    assert (verdict.colour, [d.path for d in verdict.diagnostics]) == (Colour.RED, ["bin/main.ml"])
    old = 'let () = print_endline (Shop.Report.show [ Shop.Item.make "tea" 3 ])\n'
    use = f"--- a/bin/main.ml\n+++ b/bin/main.ml\n@@ -1 +1 @@\n-{old}+{old.replace('Report', 'Summary')}"
    assert (await engine.evaluate(warm, Request(move + use))).colour is Colour.GREEN


EXPECTED = {
    "dune-project": "(lang dune 3.0)\n",
    "t/dune": """\
(executable (name t))
(rule (with-stdout-to out (run ./t.exe)))
(rule (alias runtest) (action (diff expected out)))
(rule (alias runtest) (deps data) (action (run grep -q "^a.$" data)))
""",
    "t/t.ml": 'let () = print_string "hello"\n',
    "t/expected": "hello",
    "t/data": "a\r\n",
    "notes": "none\n",
}
MOVE = "diff --git a/notes b/notes/one\nsimilarity index 100%\nrename from notes\nrename to notes/one\n"
END = "--- a/t/expected\n+++ b/t/expected\n@@ -1 +1 @@\n-hello\n\\ No newline at end of file\n+hello\n"
OF_BYTES = {
    "the end of a file": (END, "red"),
    "an end of line": ("--- a/t/data\n+++ b/t/data\n@@ -1 +1 @@\n-a\r\n+a\n", "red"),
    "a file that becomes a folder": (MOVE, "green"),
    "lines that stand for others": ("--- /dev/null\n+++ b/t/u.mli\n@@ -0,0 +1,2 @@\n+(* ... *)\n+...\n", "red"),
}


@pytest.mark.parametrize("name", OF_BYTES)
async def test_a_diff_of_git_is_judged_byte_for_byte(engine: Engine, home: Path, name: str) -> None:
    warm = await engine.open(Folder(write(home / "expected", EXPECTED)))
    diff, colour = OF_BYTES[name]
    verdict = await engine.evaluate(warm, Request(diff, level=Level.TEST))
    assert (verdict.colour.value, verdict.applied) == (colour, True), verdict


SCRIPT = """\
diff --git a/gen/gen.sh b/gen/gen.sh
new file mode 100755
--- /dev/null
+++ b/gen/gen.sh
@@ -0,0 +1,2 @@
+#!/bin/sh
+echo made
diff --git a/gen/dune b/gen/dune
new file mode 100644
--- /dev/null
+++ b/gen/dune
@@ -0,0 +1 @@
+(rule (with-stdout-to made (run ./gen.sh)))
"""


async def test_a_script_that_a_diff_makes_can_be_run(engine: Engine, root: Path) -> None:
    warm = await engine.open(Folder(root))
    assert (await engine.evaluate(warm, Request(SCRIPT))).colour is Colour.GREEN
    verdict = await engine.evaluate(warm, Request(SCRIPT.replace("100755", "100644")))
    assert (verdict.colour, verdict.tier) == (Colour.RED, Tier.BUILD)
    # Also one that is there, and is made a program or none.
    hunk = "--- a/gen/gen.sh\n+++ b/gen/gen.sh\n@@ -1,2 +1,2 @@\n #!/bin/sh\n-echo made\n+echo new\n"
    write(root, {"gen/gen.sh": "#!/bin/sh\necho made\n", "gen/dune": "(rule (with-stdout-to made (run ./gen.sh)))\n"})
    for old, new, colour in (("100644", "100755", Colour.GREEN), ("100755", "100644", Colour.RED)):
        (root / "gen/gen.sh").chmod(int(old[3:], 8))
        warm = await engine.open(Folder(root))
        head = f"diff --git a/gen/gen.sh b/gen/gen.sh\nold mode {old}\nnew mode {new}\n"
        assert (await engine.evaluate(warm, Request(head + hunk))).colour is colour
        assert (await engine.evaluate(warm, Request(head))).colour is colour


async def test_changes_that_leave_the_project_are_not_made(engine: Engine, warm: WarmBase) -> None:
    for path in ("../x.ml", "/tmp/x.ml", "lib/../../x.ml", "lib/../x.ml", ".git/x", "lib/", "./x.ml"):
        verdict = await engine.evaluate(warm, Request(changes=ChangeSet([FileChange(path, None, "let x = 1\n")])))
        assert (verdict.colour, verdict.tier) == (Colour.RED, Tier.APPLIES)


async def test_errors_of_a_red_base_are_its_own(engine: Engine, root: Path) -> None:
    write(root, {"lib/stock.ml": "let total = nope\n", "bin/main.ml": "let () = 1\n"})
    warm = await engine.open(Folder(root))
    by_file = lambda found: sorted(d.path for d in found)  # noqa: E731
    mended = await judged(engine, warm, {"lib/stock.ml": STOCK, "lib/report.ml": "let show _ = 1 + true\n"})
    assert mended.colour is Colour.RED
    assert by_file(mended.fixed) == ["lib/stock.ml"]
    assert by_file(mended.new) == ["lib/report.ml"]
    green = await judged(engine, warm, {"lib/stock.ml": STOCK, "bin/main.ml": PROJECT["bin/main.ml"]}, TEST)
    assert (green.colour, green.tier) == (Colour.GREEN, Tier.TEST)
    # The program was not compiled for want of the library, so that its error was none of the base.
    assert by_file(green.fixed) == ["lib/stock.ml"]
    still = await judged(engine, warm, {"lib/stock.ml": "let total = nope\nlet x = 1\n"})
    assert (still.colour, still.tier) == (Colour.RED, Tier.TYPES)
    assert by_file(still.remaining) == ["lib/stock.ml"]
    assert not still.new
    other = await judged(engine, warm, {"lib/stock.ml": "let total = 1 + true\n"})
    assert (other.colour, other.tier) == (Colour.RED, Tier.TYPES)
    assert (by_file(other.fixed), by_file(other.new)) == (["lib/stock.ml"], ["lib/stock.ml"])
    # Nothing can be said by types alone of what could not be built.
    behind = await judged(engine, warm, {"lib/report.ml": "let show _ = 2\n"}, TYPES)
    assert (behind.colour, behind.tier) == (Colour.RED, Tier.CHECK)


async def test_a_policy(engine: Engine, warm: WarmBase) -> None:
    change: dict[str, str | None] = {"lib/stock.ml": f"{STOCK}(* x *)\n"}
    refused = await judged(engine, warm, change, allowed=("bin/**", "lib/r*"))
    assert (refused.colour, refused.tier, refused.policy.refused) == (Colour.RED, Tier.APPLIES, ("lib/stock.ml",))
    assert (await judged(engine, warm, change, allowed=("lib/",))).colour is Colour.GREEN
    broken: dict[str, str | None] = {"lib/stock.ml": STOCK.replace("n +", "n -"), "test/t.ml": "let () = ()\n"}
    assert (await judged(engine, warm, broken, TEST)).colour is Colour.GREEN
    honest = await judged(engine, warm, broken, TEST, tests=("test/**",))
    assert (honest.colour, honest.tier) == (Colour.RED, Tier.TEST)
    assert honest.policy.restored == ("test/t.ml",)
    for gone in ({"test/t.ml": None}, {"test/t.ml": None, "test/dune": None}):
        only_tests = await judged(engine, warm, gone, TEST, tests=("test/**",))  # type: ignore[arg-type]
        assert (only_tests.colour, only_tests.tier) == (Colour.RED, Tier.APPLIES)
    assert (await judged(engine, warm, {}, TEST)).colour is Colour.RED
    assert (await judged(engine, warm, {}, TEST, empty=True)).colour is Colour.GREEN


async def test_one_id_is_one_evaluation(engine: Engine, warm: WarmBase) -> None:
    request = Request(changes=edits(warm, {"lib/stock.ml": STOCK + "let more = 1\n"}), level=TYPES)
    both = await asyncio.gather(*(engine.evaluate(warm, request, "one") for _ in range(2)))
    assert both[0] is both[1]
    assert both[0].id == "one"
    assert await engine.evaluate(warm, request, "one") is both[0]
    with pytest.raises(UsageError, match="one"):
        await engine.evaluate(warm, evolve(request, level=TEST), "one")
    waiting = [asyncio.create_task(engine.evaluate(warm, request, "two")) for _ in range(2)]
    await asyncio.sleep(0.05)
    waiting[0].cancel()
    assert (await waiting[1]).colour is Colour.GREEN


async def test_one_who_joins_an_evaluation_that_is_being_cancelled(engine: Engine, warm: WarmBase) -> None:
    rule = '(library (name shop))\n(rule (with-stdout-to slow.ml (system "sleep 1")))\n'
    request = Request(changes=edits(warm, {"lib/dune": rule}))
    first = asyncio.create_task(engine.evaluate(warm, request, "one"))
    await asyncio.sleep(0.3)
    first.cancel()
    await asyncio.sleep(0)
    assert (await engine.evaluate(warm, request, "one")).colour is Colour.GREEN
    with pytest.raises(asyncio.CancelledError):
        await first


async def test_what_was_unknown_is_asked_again_by_the_same_id(engine: Engine, root: Path) -> None:
    warm = await engine.open(Folder(root))
    request = Request(changes=edits(warm, {"lib/stock.ml": STOCK + "let more = 1\n"}))
    (warm.base.tree / "test/t.ml").unlink()
    assert (await engine.evaluate(warm, request, "one")).colour is Colour.UNKNOWN
    again = await engine.open(Folder(root))
    assert (await engine.evaluate(again, request, "one")).colour is Colour.GREEN


async def test_two_who_open_when_two_bases_have_vanished(engine: Engine, root: Path) -> None:
    warm = []
    for number in range(2):
        write(root, {"lib/more.ml": f"let x = {number}\n"})
        warm.append(await engine.open(Folder(root)))
    for each in warm:
        each.base.give_up()
    both = await asyncio.gather(*(engine.open(Folder(root)) for _ in range(2)))
    assert both[0] is both[1]


async def test_a_fault_of_ours_is_no_word_on_the_diff(
    engine: Engine, warm: WarmBase, caplog: pytest.LogCaptureFixture
) -> None:
    request = Request(changes=edits(warm, {"lib/stock.ml": STOCK + "let more = 1\n"}))
    broken = evolve(request, policy=Policy(allowed=(None,)))  # type: ignore[arg-type]
    verdict = await engine.evaluate(warm, broken, "one")
    assert verdict.colour is Colour.UNKNOWN
    assert "Error" in verdict.reason
    assert "Traceback" in caplog.text


async def test_a_test_that_changes_its_mind_is_flaky(engine: Engine, root: Path) -> None:
    # A test cannot leave anything behind for the next one, so that the time has to do.
    flaky = "let () = if int_of_float (Unix.gettimeofday () *. 1e6) mod 2 = 0 then exit 3\n"
    write(root, {"test/dune": "(tests (names t u) (libraries shop unix))\n", "test/u.ml": "let () = ()\n"})
    warm = await engine.open(Folder(root))
    seen = set()
    for number in range(40):
        verdict = await judged(engine, warm, {"test/u.ml": f"{flaky}(* {number} *)\n"}, TEST)
        assert verdict.colour in (Colour.GREEN, Colour.RED)
        assert verdict.tests is not None
        assert verdict.tests.ran == 2
        if verdict.tests.flaky:
            assert verdict.colour is Colour.GREEN
            assert verdict.tests.flaky == ("test/dune:1:16",)
        seen.add(bool(verdict.tests.flaky))
        if len(seen) == 2:
            break
    assert True in seen


async def test_a_test_that_fails_elsewhere_each_time_fails(engine: Engine, warm: WarmBase) -> None:
    place = 'Printf.printf "File \\"%s\\", line %.0f, characters 0-1:\\nError: %.9f\\n"'
    now = "Unix.gettimeofday ()"
    fails = f'let () = {place} (Filename.temp_file "a" ".ml") ({now} *. 1e3) ({now}); exit 1\n'
    dune = PROJECT["test/dune"].replace("shop", "shop unix")
    verdict = await judged(engine, warm, {"test/dune": dune, "test/t.ml": fails}, TEST)
    assert (verdict.colour, verdict.tier, verdict.tests) == (Colour.RED, Tier.TEST, RanTests(1, 1)), verdict
    assert verdict.errors


async def test_the_same_diff_gives_the_same_verdict(engine: Engine, warm: WarmBase) -> None:
    for text in (STOCK.replace(" 0 ", " 0.5 "), STOCK.replace("items =", "() items ="), STOCK + "let more = 1\n"):
        verdicts = [await judged(engine, warm, {"lib/stock.ml": text}, TYPES) for _ in range(5)]
        assert len({repr(evolve(each, seconds=0.0)) for each in verdicts}) == 1


async def test_many_at_once(store: BaseStore, shared_typer: Path, root: Path) -> None:
    engine = make_engine(store, shared_typer, workers=3)
    warm = await engine.open(Folder(root))
    before = await asyncio.to_thread(digest, warm.base.tree, skipped=frozenset())
    texts = [
        STOCK + f"let more = {n}\n" if n % 2 else STOCK.replace("items =", f"() items = ignore {n};") for n in range(8)
    ]
    verdicts = await asyncio.gather(*(judged(engine, warm, {"lib/stock.ml": text}) for text in texts))
    assert [v.colour for v in verdicts] == [Colour.RED, Colour.GREEN] * 4
    assert await asyncio.to_thread(digest, warm.base.tree, skipped=frozenset()) == before
    await engine.close()


async def test_bases_are_let_go_of_when_others_are_wanted(engine: Engine, root: Path) -> None:
    engine.most = 1
    first = await engine.open(Folder(root))
    assert (await judged(engine, first, {"lib/dune": "(library (name nope))"})).colour is Colour.RED
    write(root, {"lib/stock.ml": STOCK + "let more = 1\n"})
    second = await engine.open(Folder(root))
    assert not keepers(first.base.tree)
    assert (await judged(engine, second, {"lib/dune": "(library (name nope))"})).colour is Colour.RED
    # It can be used all the same, for as long as it is there.
    assert (await judged(engine, first, {"lib/dune": "(library (name nope))"})).colour is Colour.RED
    assert not keepers(first.base.tree)


async def test_without_a_sandbox_if_that_is_wanted(store: BaseStore, shared_typer: Path, root: Path) -> None:
    engine = make_engine(evolve(store, sandbox=None), shared_typer)
    warm = await engine.open(Folder(root))
    before = await asyncio.to_thread(digest, warm.base.tree, skipped=frozenset())
    for case in ("a wrong type", "a comment", "what others see, to their harm", "tests that pass", "tests that fail"):
        files, level, colour, tier = CASES[case]
        verdict = await judged(engine, warm, files, level)
        assert (verdict.colour, verdict.tier) == (colour, tier), verdict
    assert await asyncio.to_thread(digest, warm.base.tree, skipped=frozenset()) == before
    await engine.close()


ALIASED: dict[str, str | None] = {
    "lib/tree.ml": "type t = Leaf\n",
    "lib/import.ml": "module T = Tree\n",
    "lib/printer.ml": 'type t = Tree.t\n\nlet f (_ : t) = ""\n',
    "lib/user.ml": "open Import\n\nlet one = Printer.f Tree.Leaf\nlet two = (T.Leaf : T.t)\n",
}


async def test_types_have_the_names_that_dune_gives_them(engine: Engine, root: Path) -> None:
    """The shortest that is in sight, which is more for a checker that has read more."""
    write(root, ALIASED)
    warm = await engine.open(Folder(root))
    text = str(ALIASED["lib/user.ml"])
    for new in ("1 + Printer.f", "Printer.f 1", "Printer.f ^ one"):
        changes = edits(warm, {"lib/user.ml": text.replace("Printer.f Tree.Leaf", new)})
        verdict = await engine.evaluate(warm, Request(changes=changes, level=TYPES))
        truth = await engine._outcome(warm, changes, TYPES)
        assert verdict.tier is Tier.TYPES
        assert [error.message for error in verdict.errors] == [error.message for error in truth.errors]


# --- faults ---


async def test_death_of_a_worker_and_of_dune_is_no_verdict(engine: Engine, root: Path) -> None:
    nap = f"66.{os.getpid()}"
    write(root, {"lib/dune": "(library (name shop))\n(rule (with-stdout-to slow.ml (progn)))\n"})
    warm = await engine.open(Folder(root))
    rule = f'(library (name shop))\n(rule (with-stdout-to slow.ml (system "sleep {nap}")))\n'

    async def killing(victims: str) -> Verdict:
        task = asyncio.create_task(judged(engine, warm, {"lib/dune": rule}))
        while not task.done():
            if running("sleep", nap):
                for pid in keepers(warm.base.tree) if victims == "keeper" else dunes(nap):
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)
            await asyncio.sleep(0.05)
        return await task

    for victims in ("keeper", "dune"):
        verdict = await killing(victims)
        assert verdict.colour is Colour.UNKNOWN, verdict
        assert verdict.reason
        assert not running("sleep", nap)
    last = await judged(engine, warm, {"lib/stock.ml": STOCK + "let more = 1\n"})
    assert last.colour is Colour.GREEN, last.errors


def dunes(nap: str) -> list[int]:
    """The dune above a sleeping program."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and words(int(folder.name)) == [b"sleep", nap.encode()]:
            above = int(folder.name)
            while above > 1 and words(above)[1:2] != [b"build"]:
                above = parent(above)
            found += [above] if above > 1 else []
    return found


def words(pid: int) -> list[bytes]:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[:-1]
    except OSError:
        return []


def parent(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[1])
    except OSError:
        return 0


async def test_a_base_that_has_vanished(engine: Engine, root: Path) -> None:
    warm = await engine.open(Folder(root))
    await judged(engine, warm, {"lib/stock.ml": STOCK + "let more = 1\n"})
    shutil.rmtree(warm.base.folder)
    for files in (
        {"lib/stock.ml": "let x = nope\n"},
        {"lib/stock.ml": "let total _ = 1\n"},
        {"lib/n.ml": "let x = 1\n"},
    ):
        verdict = await engine.evaluate(warm, Request(render(edits_of(files)), level=TEST))
        assert verdict.colour is Colour.UNKNOWN
        assert "vanished" in verdict.reason
    again = await engine.open(Folder(root))
    assert (await judged(engine, again, {"lib/stock.ml": STOCK + "let more = 1\n"})).colour is Colour.GREEN


def edits_of(files: dict[str, str]) -> ChangeSet:
    return ChangeSet(FileChange(path, PROJECT.get(path), text) for path, text in files.items())


async def test_a_base_half_of_which_has_vanished(engine: Engine, root: Path) -> None:
    warm = await engine.open(Folder(root))
    shutil.rmtree(warm.base.tree / "_build")
    good = await judged(engine, warm, {"lib/stock.ml": STOCK + "let more = 1\n"})
    bad = await judged(engine, warm, {"lib/stock.ml": "let total = nope\n"})
    assert good.colour in (Colour.GREEN, Colour.UNKNOWN)
    assert bad.colour in (Colour.RED, Colour.UNKNOWN)


async def test_files_that_are_no_utf8(engine: Engine, root: Path) -> None:
    write(root, {"lib/latin.ml": b"(* \xe9 *)\nlet x = 1\n"})
    warm = await engine.open(Folder(root))
    beside = await judged(engine, warm, {"lib/stock.ml": STOCK.replace(" 0 ", " 0.5 ")}, TYPES)
    assert (beside.colour, beside.tier) == (Colour.RED, Tier.TYPES)
    diff = "--- a/lib/latin.ml\n+++ b/lib/latin.ml\n@@ -2 +2 @@\n-let x = 1\n+let x = 2\n"
    verdict = await engine.evaluate(warm, Request(diff))
    assert verdict.colour is Colour.UNKNOWN
    assert "UTF-8" in verdict.reason


async def test_a_disk_that_is_full_for_a_base(home: Path, root: Path, store: BaseStore, shared_typer: Path) -> None:
    """As far as that can be had without a disk of our own: the limit of the evaluation is the diff's, a folder that
    cannot be written is the machine's."""
    small = evolve(store, limits=evolve(store.limits, disk=64 << 10))
    engine = make_engine(small, shared_typer)
    warm = await engine.open(Folder(root))
    rules = '(rule (with-stdout-to big (system "cat /dev/zero")))\n(rule (alias default) (action (cat big)))'
    verdict = await judged(engine, warm, {"lib/dune": f"(library (name shop))\n{rules}\n"})
    assert verdict.colour is Colour.RED
    assert "disk" in verdict.reason
    await engine.close()
