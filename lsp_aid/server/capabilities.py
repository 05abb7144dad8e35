"""What the client at the other end can do, told by what it says and by what is known of it."""

import re
from collections.abc import Mapping, Sequence

from attrs import frozen
from lsprotocol import types
from pygls.capabilities import get_capability

from lsp_aid.workspace.encoding import Encoding


@frozen
class ClientFeatures:
    """`literals`: it takes code actions, not only commands. `versions`: it takes edits with document versions.
    `annotations`: it asks its user about edits that are marked.
    `documents`: it opens documents for us. `markdown`: it shows hovers in Markdown. `one_hover`: of several servers it
    shows the hover of one. `published_versions`: it looks at the version that diagnostics are for.
    `ocamllsp`: that serves the same documents.
    `hides_cr`: it shows lines that end in CRLF without the CR, and puts one before each line feed when it saves.
    `own_notifications`: it takes notifications that the protocol does not know."""

    name: str = ""
    encoding: Encoding = Encoding.UTF16
    literals: bool = False
    preferred: bool = False
    apply_edit: bool = False
    versions: bool = False
    creates: bool = False
    deletes: bool = False
    annotations: bool = False
    progress: bool = False
    configuration: bool = False
    configuration_changes: bool = False
    watched_files: bool = False
    related: bool = False
    published_versions: bool = False
    ocamllsp: bool = False
    hides_cr: bool = False
    own_notifications: bool = True
    documents: bool = False
    markdown: bool = False
    one_hover: bool = False


def features_of(params: types.InitializeParams) -> ClientFeatures:
    """From what the client says of itself."""
    said, options = params.capabilities, params.initialization_options
    name = params.client_info.name if params.client_info else ""

    def has(path: str) -> bool:
        return bool(get_capability(said, path))

    operations: Sequence[str] = get_capability(said, "workspace.workspace_edit.resource_operations") or ()
    # Neovim does not advertise documentChanges, yet handles them: it has the resource operations that need them.
    has_versions = has("workspace.workspace_edit.document_changes") or bool(operations)
    # lsp-mode calls itself emacs; it advertises creation but asks a question for it and reorders the edits.
    # It also warns its user of every notification that it does not know, unless our plugin is there.
    is_lsp_mode = name.casefold() == "emacs"
    plugin = said.experimental.get("lspAid") if isinstance(said.experimental, Mapping) else None
    return ClientFeatures(
        name=name,
        encoding=_encoding(get_capability(said, "general.position_encodings") or ()),
        literals=has("text_document.code_action.code_action_literal_support"),
        preferred=has("text_document.code_action.is_preferred_support"),
        apply_edit=has("workspace.apply_edit"),
        versions=has_versions,
        annotations=has_versions and has("workspace.workspace_edit.change_annotation_support"),
        creates=types.ResourceOperationKind.Create in operations and not is_lsp_mode,
        deletes=types.ResourceOperationKind.Delete in operations,
        progress=has("window.work_done_progress"),
        configuration=has("workspace.configuration"),
        configuration_changes=has("workspace.did_change_configuration.dynamic_registration"),
        watched_files=has("workspace.did_change_watched_files.dynamic_registration"),
        related=has("text_document.publish_diagnostics.related_information"),
        published_versions=has("text_document.publish_diagnostics.version_support"),
        ocamllsp=isinstance(options, Mapping) and options.get("ocamllsp") is True,
        hides_cr=is_lsp_mode or name.casefold() == "eglot",
        own_notifications=bool(plugin) if plugin is not None else not is_lsp_mode,
        documents=has("window.show_document.support"),
        markdown=types.MarkupKind.Markdown in (get_capability(said, "text_document.hover.content_format") or ()),
        one_hover=_shows_one_hover(params.client_info),
    )


def _shows_one_hover(client: types.ClientInfo | None) -> bool:
    """Neovim before 0.11."""
    if client is None or client.name.casefold() != "neovim":
        return False
    version = re.match(r"v?(\d+)\.(\d+)", client.version or "")
    return version is None or (int(version[1]), int(version[2])) < (0, 11)


def _encoding(offered: Sequence[str]) -> Encoding:
    """The first that the client offers and we know; UTF-16 where it offers none."""
    known = {encoding.value for encoding in Encoding}
    return next((Encoding(str(o)) for o in map(_text, offered) if o in known), Encoding.UTF16)


def _text(encoding: str | types.PositionEncodingKind) -> str:
    return encoding.value if isinstance(encoding, types.PositionEncodingKind) else encoding
