"""The actions, one by one, and that one which fails takes none of the others along."""

import inspect
import logging
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

import pytest
from attrs import evolve

from lsp_aid import actions
from lsp_aid.actions import explain_error, fix_all, fix_build_error, generate_diff, take_hunks, trust_folder, undo_last
from lsp_aid.actions.offer import (
    EXPLAIN,
    QUICKFIX,
    ApplyProposal,
    Context,
    Discard,
    Explain,
    GiveTrust,
    Offer,
    OfferHunks,
    StartDiff,
    StartFix,
    TakeHunks,
    UndoLast,
    Waiting,
    WaitingHunk,
)
from lsp_aid.domain.changes import ChangeSet
from lsp_aid.domain.diagnostics import Diagnostic, Severity
from lsp_aid.domain.journal import Entry
from lsp_aid.domain.proposal import Kind, Level, Proposal, Verdict
from lsp_aid.domain.text import Position, Range, SourceText
from lsp_aid.ocaml.syntax import aid_comments
from lsp_aid.workspace.view import WorkspaceView

PLACE = Range(Position(0, 0), Position(0, 3))


def context(text: str = "", **more: object) -> Context:
    view = WorkspaceView(Path("/nowhere"), {"a.ml": (text, 1)})
    return evolve(Context(view, "a.ml", PLACE, (PLACE,)), **more)


def proposal(level: Level = Level.VERIFIED, kind: Kind = Kind.FIX, title: str = "Add `rec`") -> Proposal:
    return Proposal("p", "fix_build_error", title, ChangeSet(), Verdict(level), "engine:x", kind)


def titles(offers: Sequence[Offer]) -> list[str]:
    return [offer.title for offer in offers]


class TestExplainError:
    def test_what_is_said_of_the_place_is_explained(self) -> None:
        warning = Diagnostic("a.ml", PLACE, Severity.WARNING, "unused variable x.", code="warning 27")
        assert titles(explain_error.offers(context(messages=(warning,)))) == ["Explain this warning"]
        error = evolve(warning, severity=Severity.ERROR)
        (offer,) = explain_error.offers(context(messages=(error, warning), trusted=False))
        assert offer == Offer("Explain this error", EXPLAIN, Explain((error, warning)))
        assert explain_error.offers(context()) == ()


class TestFixBuildError:
    @pytest.mark.parametrize(
        ("level", "kind", "title"),
        [
            (Level.VERIFIED, Kind.FIX, "Fix build error: Add `rec`"),
            (Level.PARSES, Kind.FIX, "Fix build error: Add `rec` (parses only)"),
            (Level.UNVERIFIED, Kind.FIX, "Fix build error: Add `rec` (unverified)"),
            (Level.VERIFIED, Kind.GUESS, "Fix build error: Add `rec` (guess)"),
            (Level.VERIFIED, Kind.SKELETON, "Fix build error: Add `rec` (skeleton)"),
            (Level.PARSES, Kind.SKELETON, "Fix build error: Add `rec` (skeleton, parses only)"),
        ],
    )
    def test_a_title_says_no_more_than_is_known(self, level: Level, kind: Kind, title: str) -> None:
        (offer,) = fix_build_error.offers(context(fixes=(proposal(level, kind),)))
        assert offer.title == title
        assert offer.preferred is (level is Level.VERIFIED and kind is Kind.FIX)

    def test_only_the_best_is_preferred(self) -> None:
        found = fix_build_error.offers(context(fixes=(proposal(), proposal())))
        assert [offer.preferred for offer in found] == [True, False]

    def test_what_is_not_known_yet_can_be_started(self) -> None:
        (offer,) = fix_build_error.offers(context(fixes=None))
        assert offer.does == StartFix()

    def test_a_model_can_be_asked_by_name(self) -> None:
        (offer,) = fix_build_error.offers(context(fixes=(), model="qwen3"))
        assert offer == Offer("Fix build error with qwen3", QUICKFIX, StartFix(ask_model=True), for_errors=True)

    @pytest.mark.parametrize("lacking", [{"errors": ()}, {"trusted": False}])
    def test_without_an_error_or_trust_there_is_nothing(self, lacking: dict) -> None:
        assert not fix_build_error.offers(context(fixes=(proposal(),), **lacking))


def test_fix_all_takes_the_best_that_is_sure_and_nothing_else() -> None:
    unsure, sure = proposal(Level.PARSES), proposal(title="Sure")
    (offer,) = fix_all.offers(context(fixes=(unsure, sure)))
    assert offer.does == ApplyProposal(sure)
    assert not fix_all.offers(context(fixes=(unsure, proposal(kind=Kind.SKELETON))))


def test_fix_all_does_not_take_the_second_best_where_the_best_is_a_guess() -> None:
    assert not fix_all.offers(context(fixes=(proposal(kind=Kind.GUESS), proposal())))


def test_trust_is_offered_on_an_error_that_cannot_be_built() -> None:
    (offer,) = trust_folder.offers(context(trusted=False))
    assert offer.does == GiveTrust()
    assert not trust_folder.offers(context(trusted=True))
    assert not trust_folder.offers(context(trusted=False, errors=()))


class TestTakeHunks:
    HERE = WaitingHunk("1", "a.ml", PLACE)
    BELOW = WaitingHunk("2", "a.ml", Range(Position(9, 0), Position(10, 0)))
    NEW = WaitingHunk("3", "new.ml", None)

    def does(self, *hunks: WaitingHunk, origin: str = "") -> list:
        waiting = Waiting("p", hunks, origin)
        return [offer.does for offer in take_hunks.offers(context(waiting=waiting))]

    def test_a_hunk_its_file_new_files_the_whole_or_nothing_can_be_taken(self) -> None:
        assert self.does(self.HERE, self.BELOW, self.NEW) == [
            TakeHunks("p", ("1",)),
            TakeHunks("p", files=("a.ml",)),
            TakeHunks("p", files=("new.ml",)),
            TakeHunks("p"),
            Discard("p"),
        ]

    def test_what_says_the_same_is_said_once(self) -> None:
        assert self.does(self.HERE) == [TakeHunks("p"), Discard("p")]
        assert self.does(self.HERE, self.BELOW) == [TakeHunks("p", ("1",)), TakeHunks("p"), Discard("p")]

    def test_elsewhere_there_is_nothing_unless_it_has_no_place_at_all(self) -> None:
        assert self.does(self.BELOW) == []
        assert self.does(self.BELOW, self.NEW, origin="a.ml") == []
        assert self.does(self.NEW, origin="b.ml") == []
        assert self.does(self.NEW, origin="a.ml") == [TakeHunks("p"), Discard("p")]

    def test_a_repair_of_several_hunks_can_be_chosen_from(self) -> None:
        (offer,) = take_hunks.offers(context(fixes=(proposal(), proposal()), hunks=2))
        assert offer.does == OfferHunks(proposal())
        assert not take_hunks.offers(context(fixes=(proposal(),), hunks=1))


def test_what_was_applied_can_be_undone_where_it_was() -> None:
    entry = Entry("e", "p", "Add `rec`", 0.0, "/nowhere", ChangeSet())
    (offer,) = undo_last.offers(context(undoable=entry))
    assert offer.does == UndoLast("e")
    assert not undo_last.offers(context())


class TestAidComment:
    def test_the_comment_at_the_cursor_is_the_prompt(self) -> None:
        text = "(* AID: one *)\nlet a = 1 (* AID: two *)\n(* three *)\n"
        at = Range(Position(1, 12), Position(1, 12))
        (offer,) = generate_diff.offers(context(text, range=at))
        assert offer.title == "AID: two"
        assert offer.does == StartDiff("two", Range(Position(1, 10), Position(1, 24)))

    def test_a_long_prompt_is_cut_in_the_title_alone(self) -> None:
        prompt = "word " * 30 + "end"
        (offer,) = generate_diff.offers(context(f"(* AID: {prompt} *)"))
        assert len(offer.title) < 70
        assert isinstance(offer.does, StartDiff)
        assert offer.does.prompt == prompt

    @pytest.mark.parametrize(
        ("text", "left"),
        [
            ("let a = 1\n(* AID: x *)\nlet b = 2\n", "let a = 1\nlet b = 2\n"),
            ("  (* AID: x\n     y *)  \r\nlet b = 2\r\n", "let b = 2\r\n"),
            ("let a = 1 (* AID: x *)\n", "let a = 1\n"),
            ("let a = (* AID: x *) 1\n", "let a = 1\n"),
            ("(* AID: x *) let a = 1\n", " let a = 1\n"),
            ("let a = 1\n(* AID: x *)", "let a = 1\n"),
        ],
    )
    def test_removing_it_leaves_no_trace(self, text: str, left: str) -> None:
        (comment,) = aid_comments(text, "a.ml")
        assert generate_diff.without(text, comment) == left

    def test_of_two_with_one_prompt_the_near_one_goes(self) -> None:
        text = "(* AID: x *)\nlet a = 1\n(* AID: x *)\n"
        view = WorkspaceView(Path("/nowhere"), {"a.ml": (text, 1)})
        near = SourceText(text).range(24, 24)
        assert generate_diff.removal(view, "a.ml", "x", near).texts == {"a.ml": "(* AID: x *)\nlet a = 1\n"}
        assert not generate_diff.removal(view, "a.ml", "gone", near)

    def test_the_example_is_what_it_does(self) -> None:
        before, after = example(generate_diff)
        (comment,) = aid_comments(before, "a.ml")
        assert generate_diff.without(before, comment) == after


def example(module: ModuleType) -> tuple[str, str]:
    """The indented texts behind `Before:` and `After:`."""
    before, after = (inspect.getdoc(module) or "").partition("Before:")[2].split("After:")
    return tuple(  # type: ignore[return-value]
        "".join(f"{line[4:]}\n" for line in part.splitlines() if line.startswith("    ")) for part in (before, after)
    )


@pytest.mark.parametrize("action", actions.ACTIONS)
def test_every_action_shows_what_it_does(action: ModuleType) -> None:
    text = inspect.getdoc(action) or ""
    assert "Before:" in text
    assert "After:" in text


class _Failing:
    KINDS = (QUICKFIX,)

    def offers(self, context: Context) -> Sequence[Offer]:
        raise RuntimeError("a defect")


def test_an_action_that_fails_is_logged_and_the_others_answer(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        found = actions.offers(context(fixes=(proposal(),)), None, (_Failing(), fix_build_error))
    assert titles(found) == ["Fix build error: Add `rec`"]
    assert "a defect" in caplog.text


@pytest.mark.parametrize(
    ("kind", "only", "wanted"),
    [
        ("quickfix", None, True),
        ("source.fixAll.lsp-aid", None, False),
        ("quickfix", ["quickfix"], True),
        ("quickfix.x", ["quickfix"], True),
        ("quickfixed", ["quickfix"], False),
        ("quickfix", ["quickfix.x"], False),
        ("quickfix", [""], True),
        ("quickfix", [], False),
        ("source.fixAll.lsp-aid", ["refactor", "source"], True),
    ],
)
def test_kinds_are_asked_for_by_prefix(kind: str, only: list[str] | None, wanted: bool) -> None:
    assert actions.is_wanted(kind, only) is wanted
