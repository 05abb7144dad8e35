"""Where a model is asked: its address, its key and its proxy, checked before anything is sent."""

import ipaddress
import urllib.request
from collections.abc import Mapping
from urllib.parse import SplitResult, urlsplit

from attrs import field, frozen

from lsp_aid.config import ModelSettings
from lsp_aid.errors import ConfigError

_INTERNAL = (".local", ".localhost", ".internal", ".intranet", ".lan", ".corp", ".home", ".home.arpa", ".test")


@frozen
class Endpoint:
    """`shown` is what messages call it: no key, no password. `key` never appears in a repr."""

    url: str
    shown: str
    key: str = field(repr=False)
    proxy: str | None = field(repr=False)


def endpoint(settings: ModelSettings, environment: Mapping[str, str]) -> Endpoint:
    """The endpoint that the settings name. Raises ConfigError, with the setting to change."""
    parts = _address(settings.url)
    key = _key(settings.key_env, environment)
    host = parts.hostname or ""
    if key and parts.scheme == "http" and not _is_internal(host):
        raise ConfigError(
            f"The key in {settings.key_env} would travel unencrypted to {host}",
            "Use https in `model.url`; plain http with a key is for this machine and internal networks.",
        )
    path = parts.path.rstrip("/").removesuffix("/chat/completions") + "/chat/completions"
    url = parts._replace(path=path, fragment="").geturl()
    shown = parts._replace(path=path, query="", fragment="").geturl()
    return Endpoint(url, shown, key, _proxy(parts, environment))


def _address(url: str) -> SplitResult:
    try:
        parts = urlsplit(url.strip())
        usable = parts.scheme in ("http", "https") and bool(parts.hostname)
        _ = parts.port
    except ValueError:
        usable = False
    if not usable:
        raise ConfigError(
            "`model.url` is not the address of a web server", "Set it to something like `http://127.0.0.1:8000/v1`."
        )
    if parts.username or parts.password:
        raise ConfigError(
            "`model.url` holds a user name or a password",
            "Put the key into an environment variable and name that variable in `model.keyEnv`.",
        )
    return parts


def _key(variable: str, environment: Mapping[str, str]) -> str:
    if not variable:
        return ""
    key = environment.get(variable, "").strip()
    if not key:
        # A key put where the variable's name belongs must not reach the screen.
        name = variable if variable.isidentifier() and len(variable) <= 40 else "named in `model.keyEnv`"
        raise ConfigError(
            f"The environment variable {name} is not set or empty",
            "Set it to the model's key where the editor is started, or clear `model.keyEnv` if no key is needed.",
        )
    if not key.isascii() or not key.isprintable():
        raise ConfigError(f"The environment variable {variable} holds no key", "Set it to the key alone, on one line.")
    return key


def _is_internal(host: str) -> bool:
    """Whether a host is this machine or one of an internal network, as far as its name or address tells."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return "." not in host.rstrip(".") or host.rstrip(".").casefold().endswith(_INTERNAL)
    return address.is_loopback or address.is_private or address.is_link_local


def _proxy(parts: SplitResult, environment: Mapping[str, str]) -> str | None:
    """The proxy that the environment names for this address, as curl has it; none for this machine."""
    host = parts.hostname or ""
    loopback = host == "localhost" or (_is_address(host) and ipaddress.ip_address(host).is_loopback)
    names = [f"{parts.scheme}_proxy", "all_proxy"]
    upper = [name.upper() for name in names if name != "http_proxy"]  # HTTP_PROXY may come from a request's header
    found = next((environment[name] for name in names + upper if environment.get(name)), None)
    exempt = environment.get("no_proxy") or environment.get("NO_PROXY") or ""
    bypass = urllib.request.proxy_bypass_environment(parts.netloc, {"no": exempt})  # type: ignore[attr-defined]
    return None if loopback or bypass or not found or not found.startswith(("http://", "https://")) else found


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
