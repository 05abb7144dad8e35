"""Small erroneous programs, run through each compiler that is here, and what is read of what it says."""

from collections.abc import Iterable
from pathlib import Path

import pytest

from lsp_aid.ocaml import message_rules, messages
from lsp_aid.ocaml.explain import explain
from lsp_aid.ocaml.explain_rules import RULES
from tests.support import ocaml_versions
from tests.support.messages import FOLDER, Case, built, compiled, corpus, placed, read, said
from tests.support.requires import require

pytestmark = pytest.mark.slow

NOT_PROGRAMS = ("dune", "generators", "menhir", "not_run")
PROGRAMS = sorted(path.name for path in FOLDER.glob("*.txt") if path.stem not in NOT_PROGRAMS)
VERSIONS = ("5.4", "5.3", "4.13")


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", PROGRAMS)
def test_programs(name: str, version: str, tmp_path: Path) -> None:
    require(f"ocaml-{version}")
    ocamlc = ocaml_versions.ocamlc(version)
    assert ocamlc is not None
    wrong, unexplained = [], []
    for case, output in compiled(corpus(name), ocamlc, tmp_path):
        got = read(case, output)
        if got != case.wants(version):
            wrong.append(f"{case.name}: {got} instead of {case.wants(version)}\n{output.decode()}")
        unexplained += _unexplained(case, output)
    assert not wrong, "\n".join(wrong)
    assert not unexplained, "\n".join(unexplained)


@pytest.mark.dune
@pytest.mark.parametrize("version", ["5.3", "3.24"])
def test_projects(version: str, tmp_path: Path) -> None:
    wrong, unexplained = [], []
    for case, output in built(corpus("dune.txt"), tmp_path, programs(version)):
        got = read(case, output)
        if got != case.wants(version):
            wrong.append(f"{case.name}: {got} instead of {case.wants(version)}\n{output.decode()}")
        unexplained += _unexplained(case, output)
    assert not wrong, "\n".join(wrong)
    assert not unexplained, "\n".join(unexplained)


def programs(version: str) -> Path | None:
    """Where the OCaml or dune of a version is that the corpus is run with; None for that on PATH."""
    if version == "5.3":
        require("ocaml-5.3")
        return None
    require("newest-dune")
    return ocaml_versions.NEWEST


@pytest.mark.dune
@pytest.mark.parametrize("version", ["5.3", "3.24"])
def test_generated_code(version: str, tmp_path: Path) -> None:
    """What ocamllex and ocamlyacc say, and what is said of their code, stands in the file that the user has."""
    check_places(built(corpus("generators.txt"), tmp_path, programs(version)), version)


@pytest.mark.dune
def test_commands_that_dune_names_are_no_messages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where CI is set dune says which command it was that spoke, and of what source, which ocamlyacc does not."""
    monkeypatch.setenv("CI", "true")
    for case, output in built(corpus("generators.txt"), tmp_path):
        assert read(case, output) == case.wants("5.3"), output.decode()
        places = ["warning parser.mly 1 %token INT PLUS EOF"] if case.name == "yacc-conflicts" else case.places
        assert placed(case, output) == places, output.decode()


@pytest.mark.dune
def test_menhir(tmp_path: Path) -> None:
    require("menhir")
    check_places(built(corpus("menhir.txt"), tmp_path))


def test_what_menhir_was_seen_to_say() -> None:
    """Where there is no menhir: what version 20240715 said under dune 3.17 and OCaml 5.3."""
    check_places((case, case.files["output"].encode()) for case in corpus("menhir.txt"))


def check_places(run: Iterable[tuple[Case, bytes]], version: str = "5.3") -> None:
    wrong = []
    for case, output in run:
        got = [read(case, output), placed(case, output), _unexplained(case, output)]
        if got != [case.wants(version), case.places, []]:
            wrong.append(f"{case.name}: {got} instead of {case.wants(version)}, {case.places}\n{output.decode()}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("case", corpus("not_run.txt"), ids=lambda case: case.name)
def test_other_versions(case: Case) -> None:
    """Texts of versions that are not at hand: as they are known to print, not as they were seen here."""
    assert read(case, case.files["output"]) == case.wants("")
    assert _unexplained(case, case.files["output"]) == []


def test_every_case_of_a_program_has_a_structure() -> None:
    """Only what programs print by themselves, such as a failing test, stays text."""
    texts = [f"{name}: {case.name}" for name in PROGRAMS for case in corpus(name) if "Other(" in str(case.expected)]
    assert texts == []


def test_the_corpus_is_large() -> None:
    assert sum(len(corpus(name)) for name in [*PROGRAMS, "dune.txt"]) >= 600


def test_every_rule_is_explained() -> None:
    known = {*message_rules.COMPILER, *message_rules.DUNE, *message_rules.GENERATORS}
    assert known ^ set(RULES) == set()


def test_a_message_of_no_known_shape_is_told_as_it_is() -> None:
    diagnostic = said(Case("x"), 'File "a.ml", line 1, characters 0-1:\nError: Something quite new.\n')[0]
    assert "Something quite new." in explain(diagnostic, messages.read(diagnostic))


def _unexplained(case: Case, output: str | bytes) -> list[str]:
    """What is wrong with the explanations of a case's messages."""
    wrong = []
    for diagnostic in said(case, output):
        message = messages.read(diagnostic)
        text = explain(diagnostic, message)
        left = [word for word in _named(message) if word not in text]
        if left or not text:
            wrong.append(f"{case.name}: {left} is not in {text!r}")
    return wrong


def _named(message: messages.Message) -> list[str]:
    """The names and types that an explanation cannot leave out."""
    match message:
        case messages.BrokenRule() | messages.CompilerWarning():
            return [*message.names, *message.types]
        case messages.TypeClash():
            return [message.found, message.expected]
        case messages.UnboundName():
            return [message.path]
        case messages.SignatureMismatch():
            return [entry.name for entry in message.entries[:5]]
        case messages.MissingCases():
            return list(message.examples[:5])
        case messages.UndefinedFields() | messages.UnboundFieldsInPattern():
            return list(message.fields[:5])
        case messages.LabelsOmitted():
            return list(message.labels)
    named = ("type", "name", "constructor", "path", "label", "given", "wanted", "function", "subject")
    return [str(value) for field in named if (value := getattr(message, field, None)) is not None]
