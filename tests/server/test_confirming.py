"""A library that is missing in a dune file: the repair changes what a build runs."""

from pathlib import Path

import pytest

from tests.support.bare_client import LITERALS, at
from tests.support.program import program
from tests.support.served import project

pytestmark = [pytest.mark.dune]


@pytest.mark.parametrize("annotations", [True, False])
async def test_it_is_applied_like_any_other_but_marked_where_the_editor_confirms(
    tmp_path: Path, annotations: bool
) -> None:
    root = project(tmp_path / "p", a="let area = Shapes.square 2\n", shapes__shapes="let square x = x * x\n")
    (root / "dune").write_text("(library (name a))\n")
    (root / "shapes/dune").write_text("(library (name shapes))\n")
    edits: dict = {"documentChanges": True}
    if annotations:
        edits["changeAnnotationSupport"] = {"groupsOnLabel": True}
    workspace = {"applyEdit": True, "workspaceEdit": edits}
    async with program(tmp_path / "home") as client:
        await client.initialize(root, workspace=workspace, textDocument={"codeAction": LITERALS})
        client.open(root / "a.ml")
        await client.status("red")
        action, *_ = await client.actions(root / "a.ml", at(0, 12))
        assert action["isPreferred"] is True
        assert action["command"]["command"] == "lsp-aid.applied"
        (change,) = action["edit"]["documentChanges"]
        assert change["textDocument"]["uri"] == (root / "dune").as_uri()
        marks = {edit.get("annotationId") for edit in change["edits"]}
        assert marks == ({*action["edit"]["changeAnnotations"]} if annotations else {None})
        # on save, nobody looks
        assert await client.actions(root / "a.ml", at(0, 12), only=["source.fixAll"]) == []
