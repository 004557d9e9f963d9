"""Writing files so that none is ever lost."""

from __future__ import annotations

import errno
import os
import secrets
import stat
from os import PathLike


def replace_file(path: str | PathLike[str], data: bytes) -> None:
    """Replaces a file once all bytes are in a draft beside it. An old file's mode is kept.

    A link is followed; a device or a pipe is written to.
    """
    target = os.path.realpath(os.fsdecode(path))
    old = os.stat(target) if os.path.exists(target) else None
    if old and not stat.S_ISREG(old.st_mode):
        with open(target, "wb") as file:
            file.write(data)
        return
    if old and not os.access(target, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), target)
    draft = os.path.join(os.path.dirname(target), f".{secrets.token_hex(8)}.part")
    try:
        with open(draft, "xb") as file:
            if old:
                os.chmod(draft, stat.S_IMODE(old.st_mode))
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, target)
    finally:
        if os.path.exists(draft):
            os.remove(draft)
