"""Verdicts against clean cold builds: a sample of what `make audit` does at large."""

import json
import os
from itertools import takewhile
from pathlib import Path

import pytest

from lsp_aid.ces.audit import Audit, Tally, wrong
from lsp_aid.ces.checkout import Folder
from lsp_aid.ces.engine import Engine, Request, WarmBase
from lsp_aid.ces.mutations import KINDS, SINGLE_TOKENS, Mutator
from lsp_aid.ces.sandbox import find_sandbox
from lsp_aid.ces.verdict import NOWHERE, Colour, Level, Tier, Verdict
from lsp_aid.domain.build import BuildResult
from lsp_aid.domain.diagnostics import Diagnostic, Severity
from lsp_aid.ocaml.tokens import tokens
from tests.ces.conftest import edits
from tests.support import txtar

pytestmark = pytest.mark.dune

FIXTURES = Path(__file__).parents[1] / "fixtures" / "ces"


async def audit_of(name: str, engine: Engine, home: Path) -> Audit:
    root = home / name
    root.mkdir()
    warm = await engine.open(Folder(txtar.read(FIXTURES / f"{name}.txt").write(root)))
    assert warm.base.record.built.green
    return Audit(engine, warm, await find_sandbox("auto", os.environ), engine.store.folder)


@pytest.mark.parametrize(("name", "seed"), [("shop", 3), ("odd", 4)])
async def test_no_verdict_differs_from_a_clean_cold_build(engine: Engine, home: Path, name: str, seed: int) -> None:
    audit, tally = await audit_of(name, engine, home), Tally()
    async for line in audit.run(6, seed, home / "results.jsonl"):
        tally.add(line)
    assert not tally.disagreements
    assert tally.diffs == 6
    assert tally.unknown == 0


async def test_an_audit_goes_on_where_it_was_ended(engine: Engine, home: Path) -> None:
    audit, results = await audit_of("shop", engine, home), home / "results.jsonl"
    first = [line["number"] async for line in audit.run(1, 5, results)]
    results.write_text(results.read_text() + '{"audit": "cut o')
    done = results.stat().st_mtime_ns
    assert first == [0]
    assert [line["number"] async for line in audit.run(1, 5, results)] == [0]
    assert results.stat().st_mtime_ns == done
    assert [line["number"] async for line in audit.run(2, 5, results)] == [0, 1]
    whole = [json.loads(line) for line in results.read_text().splitlines() if "cut o" not in line]
    assert [line["number"] for line in whole] == [0, 1]


def test_the_same_seed_makes_the_same_diffs_of_every_kind() -> None:
    files = txtar.read(FIXTURES / "odd.txt").before
    mutants = [Mutator(files, 1).mutant(number) for number in range(3 * len(KINDS))]
    assert mutants == [Mutator(files, 1).mutant(number) for number in range(3 * len(KINDS))]
    assert mutants[:3] != [Mutator(files, 2).mutant(number) for number in range(3)]
    assert {mutant.kind for mutant in mutants} == set(KINDS)
    assert all(mutant.changes for mutant in mutants)
    with pytest.raises((ValueError, IndexError)):
        Mutator({"a.txt": "x"}).mutant(0)


def test_slips_of_one_token_are_no_more_than_that() -> None:
    files = txtar.read(FIXTURES / "odd.txt").before
    mutants = [Mutator(files, 1, SINGLE_TOKENS).mutant(number) for number in range(4 * len(SINGLE_TOKENS))]
    assert mutants == [Mutator(files, 1, SINGLE_TOKENS).mutant(number) for number in range(4 * len(SINGLE_TOKENS))]
    assert len({mutant.kind for mutant in mutants}) > len(SINGLE_TOKENS) / 2
    for mutant in mutants:
        (change,) = mutant.changes.files
        old, new = ([token.text for token in tokens(text or "")] for text in (change.before, change.after))
        front = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(old, new, strict=False)))
        pairs = zip(reversed(old[front:]), reversed(new[front:]), strict=False)
        back = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
        assert len(old) - front - back <= 3, mutant  # what runs into its neighbours changes these


def test_what_counts_as_wrong() -> None:
    error, other = (Diagnostic("a.ml", NOWHERE, Severity.ERROR, text) for text in ("one", "two"))
    red, green = BuildResult(False, (error,), 0.0), BuildResult(True, (), 0.0)
    assert wrong(Verdict(Colour.GREEN, Tier.TYPES), red)
    assert wrong(Verdict(Colour.RED, Tier.TYPES, diagnostics=(error,)), green)
    assert wrong(Verdict(Colour.RED, Tier.TYPES, diagnostics=(other,)), red)
    assert not wrong(Verdict(Colour.RED, Tier.TYPES, diagnostics=(error,)), red)
    assert not wrong(Verdict(Colour.GREEN, Tier.CHECK), green)
    assert not wrong(Verdict(Colour.UNKNOWN, None), red)


async def test_what_is_green_is_built_together(engine: Engine, home: Path) -> None:
    audit = await audit_of("shop", engine, home)
    audit.together, audit.levels = 4, [Level.TYPES]
    lines = [line async for line in audit.run(7, 3, home / "results.jsonl")]
    assert sorted(line["number"] for line in lines) == list(range(7))
    assert any(line["built"] > 1 for line in lines)
    assert not any(found["wrong"] for line in lines for found in line["levels"].values())


async def test_what_is_red_is_built_until_its_errors_are_found(engine: Engine, warm: WarmBase) -> None:
    audit = Audit(engine, warm, await find_sandbox("auto", os.environ), engine.store.folder)
    changes = edits(
        warm, {"lib/stock.ml": "let total = nope\n", "bin/main.ml": "let () = 1\n", "test/t.ml": "let () = 1\n"}
    )
    verdict = await engine.evaluate(warm, Request(changes=changes, level=Level.TYPES))
    assert {error.path for error in verdict.errors} == {"lib/stock.ml"}
    part = await audit.cold(changes, verdict.errors)
    assert {error.path for error in part[Level.TEST].errors} == {"lib/stock.ml"}
    whole = await audit.cold(edits(warm, {"bin/main.ml": "let () = 1\n"}), verdict.errors)
    assert {error.path for error in whole[Level.TEST].errors} == {"bin/main.ml"}
