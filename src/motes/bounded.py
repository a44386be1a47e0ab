"""Files that others wrote: read up to a limit, or refused in words."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from motes.errors import BadInput

if TYPE_CHECKING:
    import numpy.typing as npt


def read(path: Path, most: int, what: str, remedy: str) -> bytes:
    """A file's bytes.

    Args:
        most: bytes that it may have; devices and pipes are cut off there, too.
        what: it should be, such as "label track".
        remedy: what to do about another one.

    Raises:
        BadInput: it cannot be read, or is larger.
    """
    try:
        with open(path, "rb") as file:
            data = file.read(most + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise BadInput(f"{path}: cannot be read ({reason}); {remedy}") from error
    if len(data) > most:
        size = f"{most >> 20} MiB" if most >> 20 else f"{most >> 10} KiB"
        raise BadInput(f"{path}: larger than {size}, which no {what} is; {remedy}")
    return data


def arrays(path: Path, most: int) -> list[npt.NDArray[Any]]:
    """The arrays of an .npy or .npz file, in its order.

    Args:
        most: bytes that they may take, packed and unpacked.

    Raises:
        BadInput: it cannot be read, is larger, or is no such file.
    """
    import numpy as np  # here: whoever reads boards only has no use for it

    remedy = "save it with numpy.save or numpy.savez"
    data = read(path, most, "input", remedy)
    try:
        if path.suffix != ".npz":
            return [np.lib.format.read_array(io.BytesIO(data), allow_pickle=False)]
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            size = sum(entry.file_size for entry in archive.infolist())
            if size > most:
                raise BadInput(f"{path}: unpacks to {size:,} bytes, which no input takes; {remedy}")
            return [
                np.lib.format.read_array(io.BytesIO(archive.read(entry)), allow_pickle=False)
                for entry in archive.infolist()
            ]
    except BadInput:
        raise
    except Exception as error:  # NumPy promises no kind
        raise BadInput(f"{path}: is no {path.suffix} file that can be read ({error}); {remedy}") from error
