"""Writes docs/configuration.md from the settings themselves."""

import json
import sys
from collections.abc import Iterator
from typing import Any

from attrs import NOTHING, Factory, fields, has

from lsp_aid.config import ENVIRONMENT, Settings, camel
from tools.own_ocaml import CHECKOUT

PAGE = CHECKOUT / "docs/configuration.md"

HEAD = """\
<!-- Written by `make docs` from lsp_aid/config.py. -->
# Configuration

Nothing has to be set. What is set is read from, later ones over earlier ones:

1. `~/.config/lsp-aid/config.json` (`$XDG_CONFIG_HOME/lsp-aid/config.json`), a JSON object as below,
2. environment variables,
3. the editor's settings, section `lsp-aid`, or the `initializationOptions` of its language client,
4. the flags of the command line.

A repository's own files never set anything, because they are not trusted. A setting that is not known, or has a wrong
type, is refused with a message that names it. `lsp-aid doctor` shows what becomes of the settings.

A model that runs on this machine, for instance:

```json
{
  "model": { "url": "http://127.0.0.1:8000/v1", "name": "qwen3-coder" }
}
```

## Settings

| setting | default | meaning |
|---|---|---|
"""

MIDDLE = """
## Environment variables

| variable | setting |
|---|---|
"""

TAIL = """\

The key of a model is in an environment variable of your choice, whose name `model.keyEnv` tells. `http_proxy`,
`https_proxy`, `all_proxy` and `no_proxy` hold for requests to the model. `NO_COLOR` switches colours off.
"""


def page() -> str:
    """The whole page."""
    settings = "".join(f"| `{name}` | `{json.dumps(default)}` | {text} |\n" for name, default, text in _rows(Settings))
    variables = "".join(f"| `{variable}` | `{setting}` |\n" for variable, setting in ENVIRONMENT.items())
    return HEAD + settings + MIDDLE + variables + TAIL


def _rows(cls: type, prefix: str = "") -> Iterator[tuple[str, Any, str]]:
    for attribute in fields(cls):
        name = prefix + camel(attribute.name)
        default = attribute.default
        if isinstance(default, Factory) and has(default.factory):
            yield from _rows(default.factory, f"{name}.")
        else:
            assert default is not NOTHING, f"{name} needs a default"
            yield name, default, attribute.metadata["text"]


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    sys.stderr.write(f"{PAGE} is written.\n")
