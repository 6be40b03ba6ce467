"""Files in shared memory with a name. They outlast their processes until the host restarts, so that a worker's page can
be read even if its forker was killed with it.

Whoever has such a file open holds its lock, and a fork holds it together with its parent. So whoever gets the lock
knows that nobody is alive who may still write.
"""

import fcntl
import os
import stat
import time
from contextlib import suppress
from pathlib import Path

# In memory: what lies on a disk could be older, after a loss of power, than what its process had done.
FOLDER = Path("/dev/shm")  # noqa: S108 - it is open to all; what somebody else has put there is not read
PREFIX = "askpro-page-"
# Seconds after which a file is removed for which nobody has come: its database may be gone.
KEPT = 24 * 60 * 60.0


class InUse(Exception):
    """Somebody who is alive has the file open."""


def create(size: int) -> int:
    """A new file, locked, without a name yet. Raises `OSError` where the system has no such files."""
    if not hasattr(os, "O_TMPFILE"):
        raise OSError("Files without a name are not supported.")
    fd = os.open(FOLDER, os.O_TMPFILE | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        # Claim the room now: to write where there is none would kill the process.
        os.posix_fallocate(fd, 0, size)
        fcntl.flock(fd, fcntl.LOCK_EX)
    except OSError:
        os.close(fd)
        raise
    return fd


def give_name(fd: int, name: str) -> None:
    """Let others find a file of `create`. Raises `OSError` when it is of another kind."""
    # With a folder's descriptor, though the path needs none, Python follows the link to the open file.
    os.link(f"/proc/self/fd/{fd}", FOLDER / f"{PREFIX}{name}", src_dir_fd=fd)


def read(name: str) -> bytes | None:
    """What a file's processes have left; None when there is no such file of ours. Raises `InUse` while one lives."""
    try:
        fd = os.open(FOLDER / f"{PREFIX}{name}", os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return None
    with open(fd, "rb") as file:  # noqa: PTH123 - it is open already
        status = os.fstat(fd)
        if status.st_uid != os.geteuid() or not stat.S_ISREG(status.st_mode):
            return None
        try:
            fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise InUse from error
        return file.read()


def remove(name: str) -> None:
    with suppress(OSError):
        (FOLDER / f"{PREFIX}{name}").unlink()


def remove_old() -> None:
    """Remove files that nobody has open and nobody has asked for."""
    before = time.time() - KEPT
    for path in FOLDER.glob(f"{PREFIX}*"):
        with suppress(OSError, InUse):
            name = path.name.removeprefix(PREFIX)
            if path.stat().st_mtime < before and read(name) is not None:
                remove(name)
