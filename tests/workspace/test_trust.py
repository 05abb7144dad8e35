from pathlib import Path

import pytest

from lsp_aid.errors import FileUnwritableError
from lsp_aid.workspace.trust import Trust


def trust_in(state: Path, setting: str = "ask") -> Trust:
    return Trust({"XDG_STATE_HOME": str(state)}, setting)


def test_nothing_is_trusted_at_first_and_trust_is_remembered(tmp_path: Path) -> None:
    project = tmp_path / "project"
    assert not trust_in(tmp_path / "state").is_trusted(project)
    trust_in(tmp_path / "state").trust(project)
    assert trust_in(tmp_path / "state").is_trusted(project)
    assert trust_in(tmp_path / "state").is_trusted(project / "sub")
    assert not trust_in(tmp_path / "state").is_trusted(tmp_path / "project2")
    trust_in(tmp_path / "state").revoke(project)
    assert not trust_in(tmp_path / "state").is_trusted(project)


def test_the_setting_overrides_what_is_remembered(tmp_path: Path) -> None:
    trust_in(tmp_path).trust(tmp_path)
    assert not trust_in(tmp_path, "never").is_trusted(tmp_path)
    assert trust_in(tmp_path, "always").is_trusted(Path("/anything"))


@pytest.mark.parametrize("content", ["", "{}", "[1]", "null", "[", "\xff"])
def test_a_damaged_file_trusts_nothing(tmp_path: Path, content: str) -> None:
    (tmp_path / "lsp-aid").mkdir()
    (tmp_path / "lsp-aid" / "trusted.json").write_text(content, encoding="latin-1")
    assert not trust_in(tmp_path).is_trusted(tmp_path)
    trust_in(tmp_path).trust(tmp_path)
    assert trust_in(tmp_path).is_trusted(tmp_path)


def test_the_file_is_private(tmp_path: Path) -> None:
    trust_in(tmp_path).trust(tmp_path)
    assert (tmp_path / "lsp-aid" / "trusted.json").stat().st_mode & 0o077 == 0


def test_a_state_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "plain").write_text("")
    with pytest.raises(FileUnwritableError, match="always"):
        trust_in(tmp_path / "plain").trust(tmp_path)
