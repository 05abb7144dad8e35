"""What a new daemon can do and the editor does not know of, since it asked an older one: registered where the editor
takes that, said where it does not."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    Message = dict[str, Any]


_METHODS = {
    "codeActionProvider": "textDocument/codeAction",
    "codeLensProvider": "textDocument/codeLens",
    "completionProvider": "textDocument/completion",
    "definitionProvider": "textDocument/definition",
    "diagnosticProvider": "textDocument/diagnostic",
    "documentFormattingProvider": "textDocument/formatting",
    "documentLinkProvider": "textDocument/documentLink",
    "documentSymbolProvider": "textDocument/documentSymbol",
    "executeCommandProvider": "workspace/executeCommand",
    "hoverProvider": "textDocument/hover",
    "inlayHintProvider": "textDocument/inlayHint",
    "inlineCompletionProvider": "textDocument/inlineCompletion",
    "referencesProvider": "textDocument/references",
    "renameProvider": "textDocument/rename",
    "signatureHelpProvider": "textDocument/signatureHelp",
    "workspaceSymbolProvider": "workspace/symbol",
}


def added(promised: Message, offered: Message) -> Iterator[tuple[str, str, Message]]:
    """What `offered` capabilities have beyond those that were `promised` to the editor: the provider, its method and
    the options to register it with."""
    for provider, method in _METHODS.items():
        value = offered.get(provider)
        if not value:
            continue
        options = dict(value) if isinstance(value, dict) else {}
        if provider == "executeCommandProvider":
            known = _commands(promised.get(provider))
            # Some editors fail where a command is registered twice.
            fresh = [command for command in _commands(options) if command not in known]
            if fresh:
                yield provider, method, {"commands": fresh}
        elif not promised.get(provider):
            if method.startswith("textDocument/"):
                options.setdefault("documentSelector", None)
            yield provider, method, options


def _commands(options: Any) -> list[str]:
    found = options.get("commands") if isinstance(options, dict) else None
    return [command for command in found if isinstance(command, str)] if isinstance(found, list) else []


def is_promised(capabilities: Message, method: str) -> bool:
    return any(capabilities.get(provider) for provider, known in _METHODS.items() if known == method)


def is_dynamic(client: Message, method: str) -> bool:
    """Whether a client with these capabilities takes registrations of a method."""
    room, _, name = method.partition("/")
    section = client.get(room)
    feature = section.get(name) if isinstance(section, dict) else None
    return bool(feature.get("dynamicRegistration")) if isinstance(feature, dict) else False


def encoding_of(capabilities: Message) -> str:
    return str(capabilities.get("positionEncoding") or "utf-16")
