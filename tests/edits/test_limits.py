"""What is too much, and what a person is asked about first."""

import pytest

from lsp_aid.config import EditSettings, load
from lsp_aid.domain.changes import ChangeSet, FileChange
from lsp_aid.edits.limits import Confirmation, check_limits, confirmations
from lsp_aid.errors import ConfigError, EditError, NotTextError

USUAL = EditSettings()


def test_about_a_hundred_lines_need_no_question() -> None:
    before = "".join(f"let x{n} = {n}\n" for n in range(300))
    after = before.replace("let x1", "let y1")  # 1, 10 to 19, 100 to 199
    assert confirmations(ChangeSet([FileChange("a.ml", before, after)]), EditSettings(confirm_lines=111)) == ()
    (asked,) = confirmations(ChangeSet([FileChange("a.ml", before, after)]), USUAL)
    assert asked == Confirmation("", "it changes 111 lines, more than 100")


def test_lines_count_over_all_files() -> None:
    sixty = "let x = 1\n" * 60
    assert confirmations(ChangeSet([FileChange("a.ml", None, sixty)]), USUAL) == ()
    assert confirmations(ChangeSet([FileChange("a.ml", None, sixty), FileChange("b.ml", sixty, None)]), USUAL)


@pytest.mark.parametrize(
    "path",
    ["dune", "lib/dune", "dune-project", "dune-workspace", "dune-workspace.dev", "x.opam", "opam", "x.opam.locked"],
)
def test_what_says_what_a_build_runs_is_marked(path: str) -> None:
    changes = ChangeSet([FileChange("lib/a.ml", "1", "2"), FileChange(path, "1", "2")])
    (marked,) = confirmations(changes, USUAL)
    assert marked.path == path
    assert str(marked) == f"{path}: it says what a build runs"


def test_a_change_beyond_all_measure_is_refused() -> None:
    with pytest.raises(EditError, match="longer than 1000000 bytes"):
        check_limits(ChangeSet([FileChange("a.ml", "", "x" * 1_000_001)]), USUAL)
    with pytest.raises(EditError, match="51 files, more than 50"):
        check_limits(ChangeSet([FileChange(f"a{i}.ml", None, "") for i in range(51)]), USUAL)
    with pytest.raises(EditError, match="more than 4000000 bytes"):
        check_limits(ChangeSet([FileChange(f"a{i}.ml", None, "x" * 900_000) for i in range(5)]), USUAL)
    check_limits(ChangeSet([FileChange("a.ml", "", "x" * 100_000)]), USUAL)


def test_a_large_file_may_be_changed_and_become_smaller() -> None:
    check_limits(ChangeSet([FileChange("a.ml", "x" * 2_000_000, "y" * 2_000_000)]), USUAL)
    check_limits(ChangeSet([FileChange("a.ml", "x" * 2_000_000, None)]), USUAL)


@pytest.mark.parametrize(("text", "error"), [("a\0b", EditError), ("a\ud800b", NotTextError)])
def test_what_is_no_text_is_refused(text: str, error: type[EditError]) -> None:
    with pytest.raises(error, match=r"binary|UTF-8"):
        check_limits(ChangeSet([FileChange("a.ml", "", text)]), USUAL)


def test_limits_are_settings() -> None:
    settings = load({"HOME": "/nonexistent"}, {"edits": {"confirmLines": 5, "maxFiles": 1, "maxBytes": 10}})
    assert settings.edits == EditSettings(5, 1, 10)
    for bad in ({"maxFiles": 0}, {"confirmLines": -1}, {"maxBytes": "many"}):
        with pytest.raises(ConfigError, match="edits"):
            load({"HOME": "/nonexistent"}, {"edits": bad})
