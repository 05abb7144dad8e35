"""`lsp-aid eval repair` as a script runs it."""

import json
import lzma
import subprocess
import sys
from pathlib import Path

import pytest

PAIRS = [
    {"id": "a", "ill_typed": "let f x = x + 1.0\n", "fixed": "let f x = x +. 1.0\n"},
    {"id": "b", "ill_typed": "let g = 1\n"},
    {"id": "c", "ill_typed": "let h s = s ^ 1\n"},
]


def evaluate(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "lsp_aid", "eval", "repair", *map(str, arguments)],
        capture_output=True,
        encoding="utf-8",
        timeout=300,
    )


@pytest.mark.dune
def test_a_result_for_each_program_in_their_order(tmp_path: Path) -> None:
    pairs, out = tmp_path / "pairs.jsonl.xz", tmp_path / "results.jsonl"
    with lzma.open(pairs, "wt") as file:
        file.write("".join(json.dumps(pair) + "\n" for pair in PAIRS))
    done = evaluate(pairs, "--out", out, "--top", "2", "--jobs", "2", "--seconds", "60")
    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in out.read_text().splitlines()]
    assert [row["id"] for row in rows] == ["a", "b", "c"]
    assert 1 <= len(rows[0]["proposals"]) <= 2
    assert all(set(proposal) == {"text", "title"} for row in rows for proposal in row["proposals"])
    assert rows[1]["proposals"] == []
    assert all(row["seconds"] >= 0 for row in rows)


@pytest.mark.dune
def test_the_first_programs_only(tmp_path: Path) -> None:
    pairs, out = tmp_path / "pairs.jsonl", tmp_path / "results.jsonl"
    pairs.write_text("".join(json.dumps(pair) + "\n" for pair in PAIRS))
    assert evaluate(pairs, "--out", out, "--limit", "1").returncode == 0
    assert [json.loads(line)["id"] for line in out.read_text().splitlines()] == ["a"]


def test_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "pairs.jsonl").write_text("no json\n")
    for name in ("pairs.jsonl", "nowhere.jsonl"):
        done = evaluate(tmp_path / name, "--out", tmp_path / "out.jsonl")
        assert done.returncode == 2
        assert name in done.stderr
        assert "Traceback" not in done.stderr
