"""Where relay and daemon meet: private, ours alone, and one at a time."""

import os
import socket
import stat
from pathlib import Path

import pytest

from lsp_aid.sidecar.meeting import Meeting, MeetingError, connect, environment_of_connection, lock, peer_of
from lsp_aid.workspace.records import state_home


def mode(path: str) -> int:
    return stat.S_IMODE(Path(path).stat().st_mode)


def listening(meeting: Meeting) -> socket.socket:
    meeting.make()
    end = socket.socket(socket.AF_UNIX)
    here = Path.cwd()
    os.chdir(meeting.folder)
    end.bind(Path(meeting.socket).name)
    os.chdir(here)
    end.listen()
    return end


@pytest.mark.parametrize(
    "environment",
    [{"XDG_STATE_HOME": "/x/y"}, {"XDG_STATE_HOME": "relative", "HOME": "/h"}, {"HOME": "/h"}, {"HOME": "/h/"}],
)
def test_the_state_is_where_all_other_state_is(environment: dict[str, str]) -> None:
    assert Path(Meeting(environment).state) == state_home(environment)


def test_the_runtime_folder_is_used_where_it_is_private(tmp_path: Path) -> None:
    environment = {"XDG_RUNTIME_DIR": str(tmp_path), "XDG_STATE_HOME": str(tmp_path / "state")}
    tmp_path.chmod(0o700)
    assert Meeting(environment).folder == f"{tmp_path}/lsp-aid"
    tmp_path.chmod(0o777)
    assert Meeting(environment).folder.startswith(f"{tmp_path}/state/lsp-aid/run/")
    assert Meeting({**environment, "XDG_RUNTIME_DIR": "/nowhere"}).folder.startswith(f"{tmp_path}/state/lsp-aid/run/")


def test_folders_are_for_the_user_alone(tmp_path: Path) -> None:
    meeting = Meeting({"XDG_STATE_HOME": str(tmp_path / "a" / "b")})
    meeting.make()
    folders = [meeting.state, str(Path(meeting.folder).parent), meeting.folder]
    assert [mode(folder) for folder in folders] == [0o700] * 3
    Path(meeting.folder).chmod(0o755)
    meeting.make()
    assert mode(meeting.folder) == 0o700


def test_what_somebody_else_has_put_there_is_not_used(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "lsp-aid").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(MeetingError, match="no folder of yours"):
        Meeting({"XDG_STATE_HOME": str(tmp_path)}).make()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(MeetingError, match="lsp-aid serve"):
        Meeting({"XDG_STATE_HOME": str(tmp_path / "x")}).make()


def test_connections_are_found_however_long_the_path_is(tmp_path: Path) -> None:
    meeting = Meeting({"XDG_STATE_HOME": str(tmp_path / ("x" * 120))})
    here = Path.cwd()
    assert connect(meeting) is None
    with listening(meeting):
        end = connect(meeting)
        assert end is not None
        assert peer_of(end) == (os.getpid(), os.geteuid())
        end.close()
    assert connect(meeting) is None, "its file is still there, but nobody listens"
    assert Path.cwd() == here


def test_what_listens_is_of_the_same_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    meeting = Meeting({"XDG_STATE_HOME": str(tmp_path)})
    with listening(meeting):
        monkeypatch.setattr("lsp_aid.sidecar.meeting.peer_of", lambda _: (1, os.geteuid() + 1))
        with pytest.raises(MeetingError, match="another user"):
            connect(meeting)


def test_a_lock_is_held_by_one_and_ends_with_its_holder(tmp_path: Path) -> None:
    path = str(tmp_path / "lock")
    first = lock(path)
    assert first is not None
    assert lock(path) is None
    copy = os.dup(first)
    os.close(first)
    assert lock(path) is None, "a copy holds it as well"
    os.close(copy)
    second = lock(path)
    assert second is not None
    os.close(second)


def test_a_connection_brings_what_a_build_needs_and_no_keys() -> None:
    environment = {
        **dict.fromkeys(("PATH", "HOME", "OPAM_SWITCH_PREFIX", "OCAMLPATH", "CAML_LD_LIBRARY_PATH"), "1"),
        **dict.fromkeys(("DUNE_CACHE", "XDG_CONFIG_HOME", "LSP_AID_MODEL", "https_proxy", "LC_ALL"), "2"),
    }
    secret = dict.fromkeys(("OPENAI_API_KEY", "AWS_SECRET", "GITHUB_TOKEN", "EDITOR"), "3")
    assert dict(environment_of_connection({**environment, **secret})) == environment
