"""Other language servers, in an environment of their own: how they are started, and what they are called."""

import subprocess
import sys
import venv
from importlib.metadata import version

from tools.own_ocaml import CHECKOUT

_PACKAGES = {"ruff": "0.17.6", "python-lsp-server": "1.15.0", "jedi-language-server": "0.47.0"}
_FOLDER = CHECKOUT / ".tools" / "peers"
_MINIMAL = "from pygls.lsp.server import LanguageServer; LanguageServer('minimal', '1').start_io()"


def peers() -> dict[str, list[str]]:
    """Their command lines, by name and version, in the order of how little they do: a server of pygls without any
    feature, in our own environment, and those that could be installed."""
    found = {f"pygls {version('pygls')}, no features": [sys.executable, "-c", _MINIMAL]}
    if why := _install():
        print(f"Without other servers, which could not be installed: {why}\n")
        return found
    commands = {"ruff": "ruff server", "python-lsp-server": "pylsp", "jedi-language-server": "jedi-language-server"}
    for name, command in commands.items():
        program, *arguments = command.split()
        found[f"{name} {_PACKAGES[name]}"] = [str(_FOLDER / "bin" / program), *arguments]
    return found


def _install() -> str:
    """Says why it could not, or nothing."""
    wanted = [f"{name}=={number}" for name, number in _PACKAGES.items()]
    mark = _FOLDER / ".ready"
    if mark.exists() and mark.read_text() == "\n".join(wanted):
        return ""
    python = str(_FOLDER / "bin" / "python")
    try:
        venv.create(_FOLDER, clear=True, with_pip=True)
        command = [python, "-m", "pip", "install", "-qq", "--disable-pip-version-check", *wanted]
        subprocess.run(command, check=True, capture_output=True, text=True, timeout=300)
        subprocess.run([python, "-m", "compileall", "-qq", str(_FOLDER / "lib")], check=False, timeout=300)
    except subprocess.CalledProcessError as error:
        return str(error.stderr or error).strip().split("\n")[-1]
    except (OSError, subprocess.SubprocessError) as error:
        return str(error)
    mark.write_text("\n".join(wanted))
    return ""
