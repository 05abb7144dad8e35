import os
from pathlib import Path

from attrs import evolve
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lsp_aid.build.build_log import BuildLog
from lsp_aid.build.csexp import Csexp, encode
from lsp_aid.build.dune import disk_reader

HEAD = "# dune build\n# Shared cache: enabled\n"
DEPENDS = "$ (cd _build/default && /bin/ocamldep.opt -modules -impl a.ml) > _build/default/.p.objs/a.d\n"
COMPILES = "$ (cd _build/default && /bin/ocamlc.opt -w +a -o .p.objs/byte/p__A.cmo -c -impl a.ml)\n"
WARNS = """> File "a.ml", line 1, characters 4-5:
> 1 | let x = 1
>         ^
> Warning 32 [unused-value-declaration]: unused value x.
"""
FAILS = """> File "a.ml", line 1, characters 8-9:
> 1 | let x = 1
> Error (warning 8 [partial-match]): not
>   exhaustive
[2]
"""


def event(program: str, *words: str, output: str = "", folder: str = "_build/default") -> bytes:
    """A program that has ended, as dune from 3.21 on notes it."""
    fields: tuple[Csexp, ...] = (
        (b"process_args", tuple(word.encode() for word in words)),
        (b"pid", b"1"),
        (b"prog", f"/bin/{program}".encode()),
        (b"dir", folder.encode()),
        (b"exit", b"0"),
        *(((b"stderr", output.encode()),) if output else ()),
    )
    return encode((b"process", b"finish", (b"1", b"2"), *fields))


COMPILED = ("ocamlc.opt", "-w", "+a", "-o", ".p.objs/byte/p__A.cmo", "-c", "-impl", "a.ml")
WARNED = "".join(line[2:] for line in WARNS.splitlines(keepends=True))
SECRET = encode((b"config", b"init", (b"env", (b"KEY=(7:process6:finish",))))


def note(folder: Path, *parts: bytes, mode: str = "ab") -> None:
    with (folder / "_build" / "trace.csexp").open(mode) as trace:
        trace.write(b"".join(parts))


def log_of(folder: Path) -> BuildLog:
    target = folder / "_build" / "default" / ".p.objs" / "byte" / "p__A.cmo"
    target.parent.mkdir(parents=True)
    target.touch()
    (folder / "a.ml").write_text("let x = 1\n")
    return BuildLog(folder, folder / "_build", disk_reader(folder))


def write(folder: Path, *parts: str, mode: str = "a") -> None:
    with (folder / "_build" / "log").open(mode) as log:
        log.write("".join(parts))


def codes(log: BuildLog) -> list[str | None]:
    log.update()
    return [each.code for each in log.warnings()]


def test_a_warning_stays_until_the_file_is_compiled_again(tmp_path: Path) -> None:
    log = log_of(tmp_path)
    assert codes(log) == []
    write(tmp_path, HEAD, DEPENDS, COMPILES, WARNS)
    assert codes(log) == ["warning 32 [unused-value-declaration]"]
    write(tmp_path, "$ (cd _build/default && /bin/ocamlc.opt -o b.cmo -c -impl b.ml)\n")
    assert codes(log) == ["warning 32 [unused-value-declaration]"]
    write(tmp_path, COMPILES)
    assert codes(log) == []


def test_a_warning_goes_when_the_text_changes_or_the_module_is_gone(tmp_path: Path) -> None:
    log = log_of(tmp_path)
    write(tmp_path, COMPILES, WARNS)
    assert len(codes(log)) == 1
    (tmp_path / "_build" / "default" / ".p.objs" / "byte" / "p__A.cmo").unlink()
    assert codes(log) == []
    (tmp_path / "_build" / "default" / ".p.objs" / "byte" / "p__A.cmo").touch()
    assert len(codes(log)) == 1
    write(tmp_path, DEPENDS)
    assert codes(log) == []


def test_another_run_writes_the_log_anew(tmp_path: Path) -> None:
    log = log_of(tmp_path)
    write(tmp_path, COMPILES, WARNS)
    assert len(codes(log)) == 1
    write(tmp_path, HEAD, mode="w")
    assert len(codes(log)) == 1
    write(tmp_path, COMPILES, mode="w")
    log.restart()
    assert codes(log) == []


def test_what_is_kept_is_known_to_the_next_process(tmp_path: Path) -> None:
    first = evolve(log_of(tmp_path), keeps=True)
    write(tmp_path, COMPILES, WARNS)
    first.update()
    write(tmp_path, HEAD, mode="w")
    other = evolve(first, said={}, kept=None)
    other.restart()
    assert codes(other) == ["warning 32 [unused-value-declaration]"]
    assert other.warnings() == first.warnings()
    write(tmp_path, COMPILES)
    assert codes(other) == []
    (tmp_path / "_build" / "lsp-aid-warnings.json").write_text("[[[[")
    assert codes(evolve(first, said={}, kept=None)) == []


def test_errors_are_told_as_they_were_printed(tmp_path: Path) -> None:
    log = log_of(tmp_path)
    write(tmp_path, COMPILES, FAILS)
    log.update()
    (error,) = log.printed()
    assert (error.code, error.flat_message) == ("warning 8 [partial-match]", "not exhaustive")


def test_half_a_command_is_read_whole_later(tmp_path: Path) -> None:
    log = log_of(tmp_path)
    text = HEAD + DEPENDS + COMPILES + WARNS
    for character in text:
        write(tmp_path, character)
        log.update()
    assert len(codes(log)) == 1


def test_a_trace_says_the_same_as_a_log(tmp_path: Path) -> None:
    log = log_of(tmp_path)
    note(tmp_path, SECRET, event(*COMPILED, output=WARNED))
    assert codes(log) == ["warning 32 [unused-value-declaration]"]
    note(tmp_path, event("ocamlc.opt", "-o", "b.cmo", "-c", "-impl", "b.ml"))
    assert codes(log) == ["warning 32 [unused-value-declaration]"]
    note(tmp_path, event("ocamldep.opt", "-modules", "-impl", "a.ml"))
    assert codes(log) == []


def test_half_an_event_is_read_whole_later(tmp_path: Path) -> None:
    log = log_of(tmp_path)
    for byte in SECRET + event(*COMPILED, output=WARNED):
        note(tmp_path, bytes([byte]))
        log.update()
    assert len(codes(log)) == 1
    note(tmp_path, event(*COMPILED, folder=str(tmp_path / "_build" / "default")))
    assert codes(log) == []


def test_the_notes_of_an_older_dune_are_not_read(tmp_path: Path) -> None:
    log = log_of(tmp_path)
    write(tmp_path, COMPILES, WARNS)
    os.utime(tmp_path / "_build" / "log", (1, 1))
    note(tmp_path, event(*COMPILED))
    assert codes(log) == []


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(pieces=st.lists(st.sampled_from([HEAD, DEPENDS, COMPILES, WARNS, FAILS, "$ ", "\n", ">", "\0"]) | st.text()))
def test_any_log_is_taken(tmp_path_factory: object, pieces: list[str], tmp_path: Path) -> None:
    (tmp_path / "_build").mkdir(exist_ok=True)
    log = BuildLog(tmp_path, tmp_path / "_build", disk_reader(tmp_path))
    (tmp_path / "_build" / "log").write_bytes("".join(pieces).encode("utf-8", "surrogatepass"))
    log.update()
    log.warnings()
    os.truncate(tmp_path / "_build" / "log", 0)
    log.update()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(
    pieces=st.lists(
        st.sampled_from([SECRET, event(*COMPILED, output=WARNED), b"(7:process6:finish", b"4:prog", b"((", b")"])
        | st.binary()
    )
)
def test_any_trace_is_taken(tmp_path_factory: object, pieces: list[bytes], tmp_path: Path) -> None:
    (tmp_path / "_build").mkdir(exist_ok=True)
    log = BuildLog(tmp_path, tmp_path / "_build", disk_reader(tmp_path))
    note(tmp_path, *pieces, mode="wb")
    log.update()
    log.warnings()
    os.truncate(tmp_path / "_build" / "trace.csexp", 0)
    log.update()
