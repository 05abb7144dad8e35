"""Finds OCaml and dune: by setting, else in a local switch `_opam`, else by `opam env`, else on PATH."""

import os
import re
import shutil
from collections.abc import Hashable, Mapping
from pathlib import Path

from attrs import evolve, frozen

from lsp_aid.build.process import run
from lsp_aid.errors import AidError, ToolchainError

OLDEST_DUNE = (3, 0)
"""dune 3.17 and later is what is tested; the options that are used are all there since 3.0."""

_KEPT = frozenset(
    {
        *("PATH", "HOME", "LANG", "LANGUAGE", "TMPDIR", "USER", "LOGNAME", "TZ"),
        # Where C compilers and pkg-config look for libraries that stubs need.
        *("PKG_CONFIG_PATH", "LD_LIBRARY_PATH", "LIBRARY_PATH", "CPATH", "C_INCLUDE_PATH"),
    }
)
_KEPT_PREFIXES = ("LC_", "OPAM", "OCAML", "CAML_", "DUNE_", "XDG_", "NIX_")
_SECRET = re.compile(r"KEY|TOKEN|SECRET|PASS|CREDENTIAL|AUTH", re.IGNORECASE)
_ASSIGNMENT = re.compile(r"^([A-Za-z_]\w*)='((?:[^']|'\\''|'\"'\"')*)'; export \1;?$", re.MULTILINE)
_SECONDS = 30.0
_INSTALL = "Install them with opam (`opam install dune`), or set `toolchain` to the folder that holds them."


@frozen
class Toolchain:
    """OCaml and dune, and what they are run with.

    `ocaml` is the compiler, `ocamlc`. `dune_version` is empty where it is not known (a development build).
    `environment` is all that a build gets of our own environment: no keys, no tokens. `origin` is `setting`,
    `local _opam`, `opam env` or `PATH`. `visible` are the folders that a sandbox has to show if it hides home.
    """

    dune: Path | None
    ocaml: Path | None
    dune_version: tuple[int, ...]
    ocaml_version: str
    environment: Mapping[str, str]
    origin: str
    visible: tuple[Path, ...] = ()


async def find(
    root: Path, setting: str, environment: Mapping[str, str], *, need_dune: bool = True, trusted: bool = True
) -> Toolchain:
    """The toolchain for the folder `root`; `setting` is the folder that the user has named, empty for none.

    This runs what it finds, to ask for versions. A local switch lies in the folder itself, so for one that the user has
    not `trusted` it is passed over. Raises ToolchainError.
    """
    if not trusted:
        root = Path(root.anchor)
    origin, found_environment = await _locate(root, _setting_folder(setting), scrub(environment))
    path = found_environment.get("PATH", "")
    dune, ocaml = which("dune", path), which("ocamlc", path)
    where = f"in the folder that `toolchain` names, {setting}" if setting else "on PATH, by opam or in _opam"
    if ocaml is None:
        raise ToolchainError(f"No OCaml compiler (ocamlc) was found {where}", _INSTALL)
    if dune is None and need_dune:
        raise ToolchainError(f"No dune was found {where}", _INSTALL)
    found = Toolchain(dune, ocaml, (), "", found_environment, origin)
    ocaml_version = await _ask(found, root, ocaml, "-version")
    library = await _ask(found, root, ocaml, "-where")
    found = evolve(found, ocaml_version=ocaml_version, visible=_visible(found, Path(library)))
    if dune is None:
        return found
    try:
        version = _numbers(await _ask(found, root, dune, "--version"))
    except ToolchainError:
        if need_dune:
            raise
        return evolve(found, dune=None)
    if version and version < OLDEST_DUNE and need_dune:
        shown = ".".join(map(str, version))
        cure = "Install dune 3.17 or later; 3.0 is the oldest that can be used."
        raise ToolchainError(f"{dune} is dune {shown}, which is too old", cure)
    return evolve(found, dune_version=version)


def marks(toolchain: Toolchain, root: Path) -> Hashable:
    """What changes on disk when another switch is chosen, or OCaml or dune is upgraded. None while there is no OCaml or
    no dune, as in the middle of an installation."""
    environment = toolchain.environment
    path = environment.get("PATH", "")
    programs = [found for name in ("dune", "ocamlc") if (found := which(name, path))]
    if len(programs) < 2:
        return None
    opam = Path(environment.get("OPAMROOT") or Path(environment.get("HOME") or "/", ".opam"))
    switches = [ancestor / "_opam" / "bin" / "ocamlc" for ancestor in (root, *filter(_is_own, root.parents))]
    return tuple((str(file), _mark(file)) for file in (*programs, *switches, opam / "config"))


def _mark(file: Path) -> Hashable:
    try:
        status = file.stat()
    except OSError:
        return None
    return (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)


def scrub(environment: Mapping[str, str]) -> dict[str, str]:
    """What a build may know of an environment: paths, language and OCaml's own variables; nothing secret."""
    return {
        name: value
        for name, value in environment.items()
        if (name in _KEPT or name.startswith(_KEPT_PREFIXES)) and not _SECRET.search(name)
    }


def _setting_folder(setting: str) -> Path | None:
    if not setting:
        return None
    folder = Path(setting).expanduser().absolute()
    if not folder.is_dir():
        raise ToolchainError(f"The setting `toolchain` names {folder}, which is no folder", "Mend the setting.")
    return folder if (folder / "ocamlc").exists() or not (folder / "bin").is_dir() else folder / "bin"


async def _locate(root: Path, setting: Path | None, environment: dict[str, str]) -> tuple[str, dict[str, str]]:
    if setting is not None:
        return "setting", _with_folder(setting, environment)
    for ancestor in (root, *filter(_is_own, root.parents)):
        if which("ocamlc", str(ancestor / "_opam" / "bin")):
            switch = ancestor / "_opam"
            told = await _opam(root, environment, f"--switch={ancestor}", "--set-switch")
            usable = told is not None and told.get("OPAM_SWITCH_PREFIX") == str(switch)
            return "local _opam", told if told and usable else _with_folder(switch / "bin", environment)
    if told := await _opam(root, environment, "--readonly"):
        return "opam env", told
    return "PATH", environment


def _is_own(folder: Path) -> bool:
    """Whether nobody but the user can have put a switch there: a folder above the project was not trusted with it."""
    try:
        status = folder.stat()
    except OSError:
        return False
    return status.st_uid == os.geteuid() and not status.st_mode & 0o022


def _with_folder(folder: Path, environment: dict[str, str]) -> dict[str, str]:
    """The environment with `folder` first on PATH; with what `opam env` would add if it is that of a switch."""
    path = os.pathsep.join(filter(None, (str(folder), environment.get("PATH", ""))))
    changed = {**environment, "PATH": path}
    if folder.name == "bin" and (folder.parent / ".opam-switch").is_dir():
        library = folder.parent / "lib"
        changed["OPAM_SWITCH_PREFIX"] = str(folder.parent)
        changed["OCAML_TOPLEVEL_PATH"] = str(library / "toplevel")
        changed["CAML_LD_LIBRARY_PATH"] = f"{library}/stublibs:{library}/ocaml/stublibs:{library}/ocaml"
    return changed


async def _opam(root: Path, environment: dict[str, str], *options: str) -> dict[str, str] | None:
    """The environment that opam tells; None where there is no opam, or no OCaml in the switch that it tells of."""
    opam = which("opam", environment.get("PATH", ""))
    if opam is None:
        return None
    quiet = {**environment, "OPAMCOLOR": "never", "OPAMYES": "0", "OPAMUTF8": "never"}
    try:
        done = await run([str(opam), "env", "--shell=sh", *options], cwd=root, environment=quiet, seconds=_SECONDS)
    except AidError:
        return None  # an opam that does not work is as good as none: what is on PATH is tried next
    if done.code != 0:
        return None
    told = {**environment, **scrub(parse_opam_env(done.text))}
    prefix = told.get("OPAM_SWITCH_PREFIX", "")
    return told if which("ocamlc", str(Path(prefix, "bin"))) else None


def parse_opam_env(text: str) -> dict[str, str]:
    """Reads lines like `PATH='/x:/y'; export PATH;`. They are data: no shell sees them."""
    return {match[1]: match[2].replace("'\\''", "'").replace("'\"'\"'", "'") for match in _ASSIGNMENT.finditer(text)}


def which(program: str, path: str) -> Path | None:
    """A program on PATH. Entries that are no absolute paths are not for us: they lead into the project."""
    folders = [folder for folder in path.split(os.pathsep) if Path(folder).is_absolute()]
    found = shutil.which(program, path=os.pathsep.join(folders)) if folders else None
    return Path(found) if found else None


async def _ask(found: Toolchain, root: Path, program: Path, option: str) -> str:
    done = await run([str(program), option], cwd=root, environment=found.environment, seconds=_SECONDS)
    if done.code != 0:
        tail = done.text.strip()[-500:]
        raise ToolchainError(f"`{program} {option}` failed with status {done.code}: {tail}", "Mend that installation.")
    return done.text.strip()


def _numbers(version: str) -> tuple[int, ...]:
    match = re.match(r"v?(\d{1,6}(?:\.\d{1,6})*)", version)
    return tuple(int(part) for part in match[1].split(".")) if match else ()


def _visible(found: Toolchain, library: Path) -> tuple[Path, ...]:
    environment = found.environment
    lists = ("PATH", "OCAMLPATH", "CAML_LD_LIBRARY_PATH", "OCAMLLIB", "OPAM_SWITCH_PREFIX", "OCAMLFIND_CONF")
    folders = [Path(entry) for name in lists for entry in environment.get(name, "").split(os.pathsep) if entry]
    folders += [library.parent, library]
    for program in filter(None, (found.dune, found.ocaml)):
        folders.append(program.resolve().parent)
    home = Path(environment.get("HOME") or "/").resolve()
    shown = (folder for folder in folders if folder.is_absolute() and folder.exists())
    return tuple(dict.fromkeys(folder for folder in shown if not home.is_relative_to(folder.resolve())))
