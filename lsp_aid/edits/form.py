"""The form of a text: its BOM and its line ends, which editors do not show, and put back when they save."""

import re

from lsp_aid.domain.text import BOM


def plain(text: str) -> str:
    """Without BOM, with line feeds for CRLF: what two texts have in common that differ in form alone."""
    return text.removeprefix(BOM).replace("\r\n", "\n")


def has_crlf_alone(text: str) -> bool:
    """Whether all lines end in CRLF."""
    return "\r\n" in text and text.count("\r\n") == text.count("\n")


def in_form(text: str, model: str, seen: str) -> str:
    """`text` in the form that it has where the text `model`, but for its form, is `seen`."""
    if model.startswith(BOM) != seen.startswith(BOM):
        text = (BOM if seen.startswith(BOM) else "") + text.removeprefix(BOM)
    if "\r\n" in model and "\r\n" not in seen:
        return text.replace("\r\n", "\n")
    if "\r\n" in seen and "\r\n" not in model:
        return re.sub(r"(?<!\r)\n", "\r\n", text)
    return text
