"""Stays up in a sandbox of its own beside one base, and makes a fresh one within it for each evaluation.

    python -I -S keeper.py PLAN

It is to be process 1 of a PID namespace, with mount, network and IPC namespaces of its own and the powers of root there
(`unshare.py` starts it so). PLAN is that of `init.py`; it also names the `tree`, a folder that is among its binds.

Requests come on standard input, answers go to standard output; a message is a line with the lengths of what follows:
JSON and bytes. A request (`keeping.py` makes it) has `tree`, how the tree is seen: `overlay`, `copy` (both thrown away
afterwards) or `itself`; `place`, where it is seen; `writable`, the folders of it that programs may write, None for all;
`files`, triples of path, length (None: to be removed) and mode, whose contents are the
bytes; `steps`, programs to run one after the other until one fails; `limits`; and `wanted`, files to give back.

For each request a child gets new namespaces. Its own child is process 1 there: it lays out the tree, gives up every
power, raises the walls, runs the programs, and watches what they take. Nothing of theirs can reach it, and when
it ends the kernel ends all that is left in its namespaces. Nothing but the standard library: it runs as a script.
"""

import contextlib
import ctypes
import json
import os
import resource
import select
import signal
import sys
import time
from typing import Any, NamedTuple, NoReturn

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))

from lsp_aid.ces import init, walls

WORK = "/tmp/work"  # noqa: S108 - inside, /tmp is empty and belongs to the sandbox alone
HOME = "/tmp/home"  # noqa: S108

_NEW_MOUNTS, _NEW_UTS, _NEW_IPC, _NEW_PIDS, _NEW_NET = 1 << 17, 1 << 26, 1 << 27, 1 << 29, 1 << 30
_PR_SET_DUMPABLE = 4
_LOOK_SECONDS = 0.02
KERNEL = tuple(int(number) for number in os.uname().release.split("-")[0].split(".")[:2] if number.isdigit())
_OWN_PIDS_SINCE, _FEWEST_PIDS = (6, 14), 512
"""Since then a PID namespace has its own bound for processes and threads; before, that file was the whole machine's."""
_PAGE = os.sysconf("SC_PAGE_SIZE")
_TICKS = os.sysconf("SC_CLK_TCK")
_CHUNK = 65536
_NICE = 5
_TMP = "/tmp"  # noqa: S108
_SHM = "/dev/shm"  # noqa: S108
_BARE = init.MS_NOSUID | init.MS_NODEV
_IGNORED = (signal.SIGINT, signal.SIGPIPE)
"""Process 1 gets no signal from what it watches but those that it handles, as Python does the first."""


WAKE, _WAKE_END = os.pipe()
os.set_blocking(WAKE, False)
os.set_blocking(_WAKE_END, False)


class Taken(NamedTuple):
    """What the processes of an evaluation take at one moment: bytes of memory, seconds of CPU."""

    processes: int
    memory: int
    cpu: float
    waiting: bool


def main() -> int:
    plan = json.loads(sys.argv[1])
    init.furnish(plan)
    init.bring_up_loopback()
    os.chdir("/")
    for number in _IGNORED:
        signal.signal(number, signal.SIG_IGN)
    send(1, {"ready": True}, b"")
    while (message := receive(0)) is not None:
        head, blob = message
        answer = evaluate(head, blob, plan)
        send(1, *answer)
    return 0


# --- messages ---


def send(number: int, head: dict[str, Any], blob: bytes) -> None:
    text = json.dumps(head).encode()
    data = memoryview(b"%d %d\n" % (len(text), len(blob)) + text + blob)
    while data:
        data = data[os.write(number, data) :]


def receive(number: int) -> tuple[dict[str, Any], bytes] | None:
    """The next message; None at the end, also in the middle of one."""
    line = b""
    while not line.endswith(b"\n"):
        byte = os.read(number, 1)
        if not byte:
            return None
        line += byte
    lengths = [int(word) for word in line.split()]
    parts = []
    for length in lengths:
        part = bytearray()
        while len(part) < length:
            chunk = os.read(number, min(length - len(part), 1 << 20))
            if not chunk:
                return None
            part += chunk
        parts.append(bytes(part))
    return json.loads(parts[0]), parts[1]


# --- outside ---


def evaluate(head: dict[str, Any], blob: bytes, plan: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    """Has a child do what is asked for, and gives its answer; `lost` where it has none."""
    begun = time.monotonic()
    result, result_end = os.pipe()
    outer = os.fork()
    if outer == 0:
        os.close(result)
        start_inner({**head, "begun": begun}, blob, plan, result_end)
    os.close(result_end)
    answer = receive(result)
    os.close(result)
    status = os.waitpid(outer, 0)[1]
    reap()
    if answer is None:
        return {"lost": f"what watches over an evaluation ended with status {os.waitstatus_to_exitcode(status)}"}, b""
    return answer


def start_inner(head: dict[str, Any], blob: bytes, plan: dict[str, Any], result: int) -> NoReturn:
    """In the child of the keeper: makes the namespaces, and waits for the one that lives in them."""
    code = 1
    try:
        call(init.libc.unshare(_NEW_MOUNTS | _NEW_UTS | _NEW_IPC | _NEW_PIDS | _NEW_NET))
        inner = os.fork()
        if inner == 0:
            os._exit(inside(head, blob, plan, result))
        os.close(result)
        code = os.waitstatus_to_exitcode(os.waitpid(inner, 0)[1])
    except OSError as error:
        send(result, {"lost": f"no namespaces could be made: {error}"}, b"")
    finally:
        os._exit(code & 0xFF)


def call(outcome: int) -> None:
    if outcome != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


# --- inside, as process 1 ---


def inside(head: dict[str, Any], blob: bytes, plan: dict[str, Any], result: int) -> int:
    try:
        for number in (0, 1):
            os.dup2(os.open("/dev/null", os.O_RDWR), number)
        signal.set_wakeup_fd(_WAKE_END, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        lay_out(head, plan)
        write_files(head["files"], blob)
        if head["writable"] is not None:
            seal(head["place"], head["writable"])
        bound(head["limits"])
        # What it starts runs as the same user, and must not reach its descriptors by /proc.
        call(init.libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0))
        init.give_up_powers()
        raised = walls.raise_walls([_TMP, "/dev", head["place"]])
    except OSError as error:
        send(result, {"lost": f"the sandbox could not be furnished: {error}"}, b"")
        return 1
    ready = time.monotonic() - head["begun"]
    steps, outputs, before = [], [], starved()
    for step in head["steps"]:
        told, output = run(step, head["limits"])
        steps.append({**told, "output": len(output)})
        outputs.append(output)
        if told["code"] != 0 or told["limit"]:
            break
    files = {path: read_back(path, length) for path, length in head["wanted"].items()}
    lengths = {path: len(content) for path, content in files.items() if content is not None}
    blob = b"".join([*outputs, *(content for content in files.values() if content is not None)])
    machine = {"walls": raised, "reset": ready, "full": is_full(head["place"]), "starved": starved() > before}
    send(result, {"steps": steps, "files": lengths, **machine}, blob)
    return 0


def lay_out(head: dict[str, Any], plan: dict[str, Any]) -> None:
    """Makes what the programs see: a /tmp of their own, the tree in it, their own processes and network."""
    limits, place, tree = head["limits"], head["place"], plan["tree"]
    init.mount(None, "/", None, init.MS_REC | init.MS_PRIVATE)
    # Opened in these namespaces, since no overlay is made of what another one has opened, and before it is covered.
    opened = os.open(tree, os.O_PATH | os.O_DIRECTORY)
    shown = [(os.open(path, os.O_PATH), path) for path in shown_in_tmp(plan)]
    init.mount("tmpfs", _TMP, "tmpfs", _BARE, f"mode=0755,size={limits['disk']}")
    init.mount("tmpfs", _SHM, "tmpfs", _BARE, f"mode=1777,size={limits['disk'] // 4}")
    init.furnish_terminals()
    for number, path in shown:
        init.make_place(path, folder=os.path.isdir(f"/proc/self/fd/{number}"))
        init.bind(number, path, init.MS_RDONLY)
        os.close(number)
    os.makedirs(HOME, exist_ok=True)
    os.makedirs(WORK, exist_ok=True)
    os.makedirs(place, exist_ok=True)
    source = f"/proc/self/fd/{opened}"
    match head["tree"]:
        case "overlay":
            init.mount("tmpfs", WORK, "tmpfs", _BARE, f"mode=0755,size={limits['disk']}")
            for name in ("upper", "scratch"):
                os.mkdir(f"{WORK}/{name}")
            options = f"lowerdir={source},upperdir={WORK}/upper,workdir={WORK}/scratch,userxattr"
            init.mount("overlay", place, "overlay", _BARE, options)
            if place != WORK:
                call(init.libc.umount2(WORK.encode(), 0))
        case "copy":
            os.set_inheritable(opened, True)
            copier = ["cp", "-a", "--reflink=auto", "--", f"{source}/.", place]
            if os.spawnvp(os.P_WAIT, copier[0], copier):  # noqa: S606 - no shell is wanted
                raise OSError(28, "the base cannot be copied")
        case _:
            init.mount(source, place, None, init.MS_BIND)
            init.mount(None, place, None, init.MS_BIND | init.MS_REMOUNT | _BARE)
    os.close(opened)
    os.chdir(place)
    init.mount("proc", "/proc", "proc", _BARE | init.MS_NOEXEC)
    with open("/proc/self/oom_score_adj", "w") as file:
        file.write("1000")
    if KERNEL >= _OWN_PIDS_SINCE:
        with open("/proc/sys/kernel/pid_max", "w") as file:
            file.write(str(max(_FEWEST_PIDS, 8 * limits["processes"])))
    init.mount(None, "/proc", None, init.MS_BIND | init.MS_REMOUNT | init.MS_RDONLY | _BARE | init.MS_NOEXEC)
    init.bring_up_loopback()


def shown_in_tmp(plan: dict[str, Any]) -> list[str]:
    """What is to be seen though it lies in /tmp, as a toolchain may, outer folders first; but not the tree."""
    tree = plan["tree"]
    return [
        target for source, target, _ in plan["binds"] if source != tree and os.path.commonpath([target, _TMP]) == _TMP
    ]


def write_files(files: list[tuple[str, int | None, int]], blob: bytes) -> None:
    """Writes the changes of an evaluation. No link is followed, whatever the tree holds."""
    at = 0
    for path, length, mode in files:
        *folders, name = path.split("/")
        parent = os.open(".", os.O_PATH | os.O_DIRECTORY)
        for folder in folders:
            with contextlib.suppress(FileExistsError):
                os.mkdir(folder, 0o755, dir_fd=parent)
            below = os.open(folder, os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=parent)
            os.close(parent)
            parent = below
        try:
            os.unlink(name, dir_fd=parent)
        except FileNotFoundError:
            pass
        except IsADirectoryError:  # of which all is deleted
            remove_empty(name, parent)
        if length is not None:
            number = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600, dir_fd=parent)
            with os.fdopen(number, "wb") as file:
                file.write(blob[at : at + length])
                os.fchmod(file.fileno(), mode)
            at += length
        os.close(parent)


def remove_empty(name: str, parent: int) -> None:
    """Removes a folder that holds nothing but folders of that kind."""
    here = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=parent)
    for below in os.listdir(here):
        remove_empty(below, here)
    os.close(here)
    os.rmdir(name, dir_fd=parent)


def seal(place: str, writable: list[str]) -> None:
    """Makes the tree read-only but for some of its folders, so that no program changes what is judged."""
    opened = []
    for name in writable:
        os.makedirs(name, exist_ok=True)
        opened.append(os.open(name, os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW))
    # A tree that lies in a mount of its own already is the simple case; a bind of it onto itself does for all.
    init.mount(place, place, None, init.MS_BIND)
    init.mount(None, place, None, init.MS_BIND | init.MS_REMOUNT | init.MS_RDONLY | _BARE)
    for name, number in zip(writable, opened, strict=True):
        target = os.path.join(place, name)
        init.mount(f"/proc/self/fd/{number}", target, None, init.MS_BIND)
        init.mount(None, target, None, init.MS_BIND | init.MS_REMOUNT | _BARE)
        os.close(number)
    os.chdir(place)


def bound(limits: dict[str, Any]) -> None:
    """What the kernel counts for each process; what it does not count for all of them together, `run` looks at."""
    seconds = int(limits["cpu"]) + 1
    for kind, value in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_FSIZE, limits["disk"]),
        (resource.RLIMIT_NOFILE, 4096),
        (resource.RLIMIT_MSGQUEUE, 1 << 20),
    ):
        hard = resource.getrlimit(kind)[1]
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(kind, (value, value))


def run(step: dict[str, Any], limits: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    """Runs one program to its end, or until all that it started takes too much. Nothing of it is left afterwards."""
    begun, before = time.monotonic(), cpu_of_ended()
    pipe, pipe_end = os.pipe()
    child = os.fork()
    if child == 0:
        start(step, pipe_end)
    os.close(pipe_end)
    os.set_blocking(pipe, False)
    kept = Kept(limits["output"] // 2)
    status, limit, cpu, memory, looks, waiting = None, "", 0.0, 0, 0, 0
    open_pipe, looked = [pipe], 0.0
    while status is None and not limit:
        wait_a_moment(open_pipe)
        if open_pipe and not kept.read(pipe):
            open_pipe = []
        status = reap(child)
        now = time.monotonic()
        if status is None and now - looked >= _LOOK_SECONDS:
            looked, taken = now, look(limits["processes"], before)
            looks, waiting = looks + 1, waiting + taken.waiting
            cpu, memory = max(cpu, taken.cpu), max(memory, taken.memory)
            limit = exceeded(taken, limits, kept.dropped)
            if not limit and now - begun > step["seconds"]:
                limit = "idle" if waiting * 2 > looks else "time"
    left = len(processes()) if status is not None else 0
    end_all()
    kept.read(pipe)
    os.close(pipe)
    code = 137 if status is None else os.waitstatus_to_exitcode(status)
    told = {"code": code, "limit": limit, "seconds": time.monotonic() - begun, "cpu": cpu, "memory": memory}
    return {**told, "left": left, "cut": kept.dropped}, kept.bytes()


class Kept:
    """The first and the last half of what is printed."""

    def __init__(self, half: int) -> None:
        self._half, self._head, self._tail, self.dropped = half, bytearray(), bytearray(), 0

    def read(self, pipe: int) -> bool:
        """Takes what there is to be read now; whether more may come."""
        while True:
            try:
                chunk = os.read(pipe, _CHUNK)
            except BlockingIOError:
                return True
            if not chunk:
                return False
            room = max(0, self._half - len(self._head))
            self._head += chunk[:room]
            self._tail += chunk[room:]
            if len(self._tail) > 2 * self._half:
                self._drop()
            if self.dropped > 32 * self._half:
                return True

    def bytes(self) -> bytes:
        self._drop()
        return bytes(self._head + (b"\n[...]\n" if self.dropped else b"") + self._tail)

    def _drop(self) -> None:
        if len(self._tail) > self._half:
            self.dropped += len(self._tail) - self._half
            del self._tail[: -self._half]


def wait_a_moment(pipes: list[int]) -> None:
    """Until something is printed, something has ended, or it is time to look."""
    select.select([*pipes, WAKE], [], [], _LOOK_SECONDS)
    with contextlib.suppress(BlockingIOError):
        os.read(WAKE, _CHUNK)


def start(step: dict[str, Any], output: int) -> NoReturn:
    try:
        os.setsid()
        os.nice(_NICE)
        os.dup2(output, 1)
        os.dup2(output, 2)
        os.closerange(3, 4096)
        for number in (*_IGNORED, signal.SIGCHLD):
            signal.signal(number, signal.SIG_DFL)
        os.execvpe(step["argv"][0], step["argv"], step["environment"])  # noqa: S606 - no shell is wanted
    except OSError as error:
        os.write(2, f"{step['argv'][0]}: {error.strerror}\n".encode())
    finally:
        os._exit(127)


def exceeded(taken: Taken, limits: dict[str, Any], dropped: int) -> str:
    """The name of the limit that is exceeded; empty where none is."""
    if taken.processes > limits["processes"]:
        return "processes"
    if taken.memory > limits["memory"]:
        return "memory"
    if taken.cpu > limits["cpu"]:
        return "cpu"
    return "output" if dropped > 15 * limits["output"] else ""


def processes() -> list[str]:
    return [name for name in os.listdir("/proc") if name.isdigit() and name != "1"]


def look(most: int, before: float) -> Taken:
    """Counts what all processes here take; where there are more than `most`, nothing but their number. Those that have
    ended count with the parents that have waited for them; the `before` seconds of CPU of earlier steps do not."""
    found, memory, ticks, waiting = processes(), 0, 0, True
    for name in found if len(found) <= most else ():
        try:
            with open(f"/proc/{name}/stat", "rb") as file:
                words = file.read().rpartition(b")")[2].split()
        except OSError:
            continue  # it ended while we looked
        ticks += sum(map(int, words[11:15]))
        memory += int(words[21]) * _PAGE
        waiting = waiting and words[0] not in (b"R", b"D")
    return Taken(len(found), memory, ticks / _TICKS + cpu_of_ended() - before, waiting)


def cpu_of_ended() -> float:
    """The seconds of CPU that all took that have ended so far, those of earlier steps too."""
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return ended.ru_utime + ended.ru_stime


def end_all() -> None:
    """Kills everything but this process, until nothing is left."""
    while True:
        with contextlib.suppress(ProcessLookupError):
            os.kill(-1, signal.SIGKILL)
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:
            return


def reap(child: int = 0) -> int | None:
    """Gathers what has ended; the status of `child` where it is among them."""
    status = None
    while True:
        try:
            pid, ended = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return status
        if pid == 0:
            return status
        if pid == child:
            status = ended


def read_back(path: str, most: int) -> bytes | None:
    """The end of a file, by its path in the tree or from the root; None where there is none that is a plain file."""
    try:
        number = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None
    with os.fdopen(number, "rb") as file:
        size = os.fstat(number).st_size
        file.seek(max(0, size - most))
        return file.read(most)


def is_full(place: str) -> bool:
    """Whether the evaluation has used up its disk."""
    for path in (place, _TMP, _SHM):
        space = os.statvfs(path)
        if space.f_blocks and space.f_bavail * 100 < space.f_blocks:
            return True
    return False


def starved() -> int:
    """How many programs the system has ended for want of memory since it started."""
    try:
        with open("/proc/vmstat", "rb") as file:
            return next((int(line.split()[1]) for line in file if line.startswith(b"oom_kill ")), 0)
    except OSError:
        return 0


if __name__ == "__main__":
    sys.exit(main())
