"""Records survive restarts and kills, are private, and never grow beyond their bounds."""

import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest
from attrs import frozen

from lsp_aid.errors import FileUnwritableError
from lsp_aid.workspace.records import Records, project_state, sweep


@frozen
class Note:
    text: str
    tags: tuple[str, ...] = ()


def folder_of(root: Path) -> Path:
    return project_state(root, os.environ) / "notes"


@pytest.fixture
def records(tmp_path: Path) -> Records:
    return Records(folder_of(tmp_path), root=tmp_path)


def test_another_process_reads_what_one_has_written(records: Records) -> None:
    records.write("a1", Note("one é🐫 \u2028\r\n", ("x",)))
    records.write("b2", Note("two"))
    again = Records(records.folder)
    assert again.read("a1", Note) == Note("one é🐫 \u2028\r\n", ("x",))
    assert next(again.all(Note)) == Note("two")
    again.write("a1", Note("changed"))
    assert [note.text for note in records.all(Note)] == ["two", "changed"]
    records.remove("a1")
    assert again.read("a1", Note) is None


def test_nothing_is_made_before_the_first_write(records: Records) -> None:
    assert list(records.all(Note)) == []
    assert records.read("a", Note) is None
    assert not records.folder.parent.exists()


def test_it_is_all_private(records: Records, home: Path) -> None:
    os.umask(old := os.umask(0))
    os.umask(0)
    try:
        records.write("a1", Note("secret"))
    finally:
        os.umask(old)
    made = list((home / ".local/state/lsp-aid/projects").rglob("*"))
    assert {stat.S_IMODE(path.stat().st_mode) for path in made if path.is_dir()} == {0o700}
    assert {stat.S_IMODE(path.stat().st_mode) for path in made if path.is_file()} == {0o600}


def test_the_folder_is_named_for_people_and_tells_projects_apart(tmp_path: Path) -> None:
    one, two = tmp_path / "a" / "my shop", tmp_path / "b" / "my shop"
    names = [project_state(root, os.environ).name for root in (one, two)]
    assert all(name.startswith("my_shop-") for name in names)
    assert names[0] != names[1]


@pytest.mark.parametrize(
    "damage",
    ["", "{", "[]", '{"form": 1}', '{"form": 1, "value": {"tags": 1}}', '{"form": 99, "value": {}}', "\udcff"],
)
def test_a_damaged_record_is_passed_over(records: Records, damage: str) -> None:
    records.write("a1", Note("one"))
    records.write("b2", Note("two"))
    newest = max(records.folder.glob("*.json"))
    newest.write_bytes(damage.encode(errors="surrogateescape"))
    assert [note.text for note in records.all(Note)] == ["one"]
    records.write("c3", Note("three"))
    assert next(iter(records.all(Note))).text == "three"


def test_the_number_is_bounded(tmp_path: Path) -> None:
    records = Records(folder_of(tmp_path), most=3)
    for number in range(6):
        records.write(f"n{number}", Note(str(number)))
    assert [note.text for note in records.all(Note)] == ["5", "4", "3"]


def test_the_size_is_bounded_and_the_latest_stays(tmp_path: Path) -> None:
    records = Records(folder_of(tmp_path), size=1000)
    for number in range(5):
        records.write(f"n{number}", Note(str(number) * 400))
    assert [note.text[0] for note in records.all(Note)] == ["4", "3"]
    records.write("big", Note("x" * 5000))
    assert [note.text[0] for note in records.all(Note)] == ["x"]


def test_the_age_is_bounded(records: Records) -> None:
    records.write("old", Note("old"))
    (file,) = records.folder.glob("*.json")
    long_ago = time.time_ns() - int(40 * 86400e9)
    file.rename(records.folder / f"{long_ago:020}-old.json")
    records.write("new", Note("new"))
    assert [note.text for note in records.all(Note)] == ["new"]


def test_projects_that_nobody_works_on_are_forgotten(tmp_path: Path) -> None:
    old, new = (Records(folder_of(tmp_path / name), root=tmp_path / name) for name in ("old", "new"))
    old.write("a", Note("a"))
    new.write("b", Note("b"))
    os.utime(old.folder.parent / "root", (1, 1))
    sweep(old.folder.parent.parent)
    assert not old.folder.parent.exists()
    assert new.read("b", Note)


def test_a_state_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "plain").write_text("")
    records = Records(project_state(tmp_path, {"XDG_STATE_HOME": str(tmp_path / "plain")}) / "notes")
    with pytest.raises(FileUnwritableError, match="XDG_STATE_HOME"):
        records.write("a", Note("a"))
    assert list(records.all(Note)) == []


WRITER = """
import sys
from pathlib import Path
from tests.workspace.test_records import Note, Records
records = Records(Path(sys.argv[1]), most=1000)
print("ready", flush=True)
for number in range(int(sys.argv[3])):
    records.write(f"{sys.argv[2]}{number}", Note(sys.argv[2] * 20_000))
"""


def writer(folder: Path, name: str, count: int) -> "subprocess.Popen[bytes]":
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(folder), name, str(count)],
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    )
    assert process.stdout
    process.stdout.readline()
    return process


def test_two_processes_lose_nothing_of_one_another(records: Records) -> None:
    for process in [writer(records.folder, name, 20) for name in "ab"]:
        process.communicate(timeout=60)
        assert process.returncode == 0
    assert sorted(note.text[0] for note in Records(records.folder).all(Note)) == ["a"] * 20 + ["b"] * 20


def test_a_killed_writer_leaves_whole_records(records: Records) -> None:
    for round_ in range(3):
        process = writer(records.folder, "abc"[round_], 10_000)
        time.sleep(0.05 * round_)
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=60)
    for file in records.folder.glob("*.json"):
        assert file.read_text().endswith("}")
    records.write("after", Note("after"))
    assert next(iter(records.all(Note))).text == "after"
    assert list(records.folder.glob(".*.tmp")) == []
