"""Settings: what can be set, what it means, and what holds where nothing is set.

One tree of frozen classes. Its JSON form (camelCase, as editors have it) is read from, later ones over earlier ones:
the user's `config.json` in `$XDG_CONFIG_HOME/lsp-aid`, environment variables, the editor's settings (section
`lsp-aid`), flags of the command line. A repository's own files never set anything: they are not trusted.
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cattrs
from attrs import field, fields, frozen, has
from cattrs.gen import make_dict_structure_fn, override

from lsp_aid.errors import ConfigError


def _setting(default: Any, text: str) -> Any:
    return field(default=default, metadata={"text": text})


@frozen
class ModelSettings:
    url: str = _setting("", "Base URL of an OpenAI-compatible endpoint, such as `http://127.0.0.1:8000/v1`.")
    name: str = _setting("", "The model's name, as the endpoint knows it.")
    key_env: str = _setting(
        "", "Name of the environment variable that holds the key. The key itself is never set here."
    )
    format: str = _setting("auto", "The form in which the model is asked for edits: `auto` or a format's name.")
    connect_seconds: float = _setting(10.0, "How long to wait for a connection.")
    stall_seconds: float = _setting(60.0, "How long to wait for the next byte of an answer.")
    context_tokens: int = _setting(16000, "How many tokens of prompt the model takes well.")
    max_tokens: int = _setting(4096, "How many tokens an answer may have.")
    temperature: float | None = _setting(None, "Sampling temperature; the endpoint's own where not set.")

    @property
    def is_configured(self) -> bool:
        return bool(self.url and self.name)


@frozen
class BuildSettings:
    targets: tuple[str, ...] = _setting(("@@default",), "What `dune build` is asked for.")
    seconds: float = _setting(300.0, "How long a build may take.")


@frozen
class FixSettings:
    top: int = _setting(3, "How many proposals to offer at most.")
    builds: int = _setting(48, "How many builds the engine may try for one request.")
    seconds: float = _setting(60.0, "How long the engine may search for one request.")


@frozen
class DiffSettings:
    rounds: int = _setting(2, "How often errors go back to the model at most.")
    apply: str = _setting(
        "whole", "What an editor does with a diff: apply it `whole`, or `ask`, so that it can be taken by hunk."
    )

    def __attrs_post_init__(self) -> None:
        if self.apply not in ("whole", "ask"):
            raise ConfigError(f"The setting `diff.apply` is {self.apply!r}", "Set it to `whole` or `ask`.")


@frozen
class EditSettings:
    confirm_lines: int = _setting(100, "A change of more lines than this is applied only after a question.")
    max_files: int = _setting(50, "How many files a change may touch; one that touches more is refused.")
    max_bytes: int = _setting(
        1_000_000, "How many bytes a file may have after a change that lengthens it; all its files four times that."
    )

    def __attrs_post_init__(self) -> None:
        for name in ("confirm_lines", "max_files", "max_bytes"):
            if getattr(self, name) < (lowest := 0 if name == "confirm_lines" else 1):
                raise ConfigError(f"The setting `edits.{camel(name)}` is too low", f"Set it to {lowest} or more.")


@frozen
class SidecarSettings:
    idle_minutes: float = _setting(30.0, "How long the daemon stays when no editor needs it; 0 is for ever.")
    follow_version: bool = _setting(
        False, "Replace the daemon by itself, for all editors, when another version of lsp-aid was installed."
    )


@frozen
class Settings:
    trust: str = _setting(
        "ask", "`ask` before a folder's programs are run, trust `always` (for scripts), or `never`: parsing only."
    )
    toolchain: str = _setting("", "Folder that holds `dune` and `ocaml`; found by itself where not set.")
    publish: str = _setting(
        "auto",
        "Whether what builds say is published as diagnostics: `auto` leaves to ocamllsp what that shows itself, where "
        "the editor says that it runs; `always`, or `never`.",
    )
    sandbox: str = _setting("auto", "What model output is built in: `auto`, `bwrap`, `unshare` or `none`.")
    model: ModelSettings = field(factory=ModelSettings)
    build: BuildSettings = field(factory=BuildSettings)
    fix: FixSettings = field(factory=FixSettings)
    diff: DiffSettings = field(factory=DiffSettings)
    edits: EditSettings = field(factory=EditSettings)
    sidecar: SidecarSettings = field(factory=SidecarSettings)

    def __attrs_post_init__(self) -> None:
        for name, value, allowed in (
            ("trust", self.trust, ("ask", "always", "never")),
            ("publish", self.publish, ("auto", "always", "never")),
            ("sandbox", self.sandbox, ("auto", "bwrap", "unshare", "none")),
        ):
            if value not in allowed:
                raise ConfigError(f"The setting `{name}` is {value!r}", f"Set it to one of {', '.join(allowed)}.")


ENVIRONMENT = {
    "LSP_AID_TRUST": "trust",
    "LSP_AID_TOOLCHAIN": "toolchain",
    "LSP_AID_SANDBOX": "sandbox",
    "LSP_AID_MODEL_URL": "model.url",
    "LSP_AID_MODEL": "model.name",
    "LSP_AID_MODEL_KEY_ENV": "model.keyEnv",
}
"""Environment variables and the settings that they stand for."""


def camel(name: str) -> str:
    """`key_env` as editors write it: `keyEnv`."""
    head, *tail = name.split("_")
    return head + "".join(word.capitalize() for word in tail)


def _converter() -> cattrs.Converter:
    converter = cattrs.Converter(forbid_extra_keys=True)
    converter.register_structure_hook_factory(
        has,
        lambda cls: make_dict_structure_fn(
            cls,
            converter,
            _cattrs_forbid_extra_keys=True,
            # The stubs take every keyword for one of the function's own options.
            **{a.name: override(rename=camel(a.name)) for a in fields(cls)},  # type: ignore[arg-type]
        ),
    )
    converter.register_structure_hook(str, _exactly(str))
    converter.register_structure_hook(int, _exactly(int))
    converter.register_structure_hook(float, _exactly(int, float))
    converter.register_structure_hook(bool, _exactly(bool))
    return converter


def _exactly(*types: type) -> Any:
    def structure(value: Any, _: type) -> Any:
        if (isinstance(value, bool) and bool not in types) or not isinstance(value, types):
            raise ValueError(f"{value!r} is not {' or '.join(t.__name__ for t in types)}")
        return value

    return structure


def merge(under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """`over` laid over `under`, section by section."""
    merged = dict(under)
    for key, value in over.items():
        old = merged.get(key)
        merged[key] = merge(old, value) if isinstance(old, Mapping) and isinstance(value, Mapping) else value
    return merged


def user_config_file(environment: Mapping[str, str]) -> Path:
    base = environment.get("XDG_CONFIG_HOME") or str(Path(environment.get("HOME") or "/") / ".config")
    return Path(base, "lsp-aid", "config.json")


def load(environment: Mapping[str, str] | None = None, *layers: Mapping[str, Any]) -> Settings:
    """The settings from the user's file, the environment and further layers, later ones over earlier ones.

    Raises ConfigError, naming the setting.
    """
    environment = os.environ if environment is None else environment
    merged = _read(user_config_file(environment))
    for variable, setting in ENVIRONMENT.items():
        if environment.get(variable):
            merged = merge(merged, _nested(setting, environment[variable]))
    for layer in layers:
        merged = merge(merged, layer)
    try:
        return _converter().structure(merged, Settings)
    except (cattrs.BaseValidationError, cattrs.ForbiddenExtraKeysError) as error:
        problems = "; ".join(cattrs.transform_error(error))
        raise ConfigError(f"The settings cannot be used: {problems}", "See docs/configuration.md.") from error


def _nested(setting: str, value: str) -> dict[str, Any]:
    head, _, tail = setting.partition(".")
    return {head: _nested(tail, value)} if tail else {head: value}


def _read(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path} cannot be read: {error}", "Mend or remove the file.") from error
    if not isinstance(content, dict):
        raise ConfigError(f"{path} holds no JSON object", "Mend or remove the file.")
    return content
