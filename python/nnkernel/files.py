"""Writing files so that none is ever lost."""

from __future__ import annotations

import os
import stat
from os import PathLike


def replace_file(path: str | PathLike[str], data: bytes) -> None:
    """Replaces a file once all bytes are in a draft beside it. A link is followed; a device or a pipe is written to."""
    target = os.path.realpath(path)
    if os.path.lexists(target) and not stat.S_ISREG(os.stat(target).st_mode):
        with open(target, "wb") as file:
            file.write(data)
        return
    draft = f"{target}.{os.getpid()}.part"
    try:
        with open(draft, "xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, target)
    except FileExistsError:
        raise  # another one's draft
    except BaseException:
        if os.path.exists(draft):
            os.remove(draft)
        raise
