"""The fast part: numba over Arrow buffers, arrays in, arrays out; knows nothing of the rest of the house.

Text comes as `data: uint8[n_bytes]` and `offsets: int64[n_docs + 1]` (Arrow large_utf8, valid UTF-8). Compiled code is
cached on disk. numba's own cache misses edits made in *another* module, so its folder is keyed by a hash of all
kernels; `NUMBA_CACHE_DIR` is respected as the place where that folder is made. Tables that take long to make lie there
too (`stored`).
"""

import hashlib
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar, cast

import numpy as np
import numpy.typing as npt


@contextmanager
def _without_scipy() -> Iterator[None]:
    """Let numba start as if SciPy were not installed.

    It would import `scipy.linalg`, 0.25 s of each process, to know whether `np.convolve` may call BLAS. No kernel does
    linear algebra; compiled code that does still finds SciPy when it is first needed.
    """
    if "scipy" in sys.modules or "numba.np.arraymath" in sys.modules:
        yield
        return
    sys.modules["scipy"] = cast(Any, None)  # what Python takes as "this import fails"
    try:
        yield
    finally:
        del sys.modules["scipy"]


with _without_scipy():
    import numba
    import numba.core.config
    import numba.np.arraymath

_Function = TypeVar("_Function", bound=Callable[..., Any])


def _cache_folder() -> Path:
    sources = sorted(Path(__file__).parent.rglob("*.py"))
    digest = hashlib.sha256(b"\0".join(source.read_bytes() for source in sources)).hexdigest()[:12]
    configured = os.environ.get("NUMBA_CACHE_DIR")
    default = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "curate"
    for base in (Path(configured),) if configured else (default, Path(tempfile.gettempdir()) / "curate"):
        folder = base / f"kernels-{digest}"
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError:
            continue
        if os.access(folder, os.W_OK):
            return folder
    return Path(tempfile.mkdtemp(prefix="curate-kernels-"))


numba.core.config.CACHE_DIR = str(_cache_folder())  # type: ignore[attr-defined]


def kernel(function: _Function) -> _Function:
    """Compile `function` at its first call, without the GIL, and keep the machine code on disk."""
    return cast(_Function, numba.njit(nogil=True, cache=True)(function))


def inlined(function: _Function) -> _Function:
    """Compile a small function into each kernel that calls it (numba's `inline="always"`)."""
    return cast(_Function, numba.njit(nogil=True, cache=True, inline="always")(function))


Arrays = tuple[npt.NDArray[Any], ...]


def _file_of(name: str) -> Path:
    return Path(numba.core.config.CACHE_DIR) / f"{name}.npz"  # type: ignore[attr-defined]


def is_stored(name: str) -> bool:
    """Whether arrays of this name are on disk."""
    return _file_of(name).is_file()


def stored(name: str, make: Callable[[], Sequence[npt.NDArray[Any]]]) -> Arrays:
    """Read arrays from the folder of compiled code, or make them and keep them there.

    `name`, part of a file name, says what decides the arrays beside the kernels' sources (versions, a hash). A file
    that is damaged is made again; where nothing can be written, arrays are made by each process.
    """
    file = _file_of(name)
    # Whatever a damaged archive raises (half a dozen types of error): its arrays are made again.
    with suppress(Exception), file.open("rb") as stream, np.load(stream) as arrays:
        return tuple(arrays[f"arr_{number}"] for number in range(len(arrays.files)))
    made = tuple(make())
    unfinished = file.with_name(f"{name}-{os.getpid()}.unfinished")
    with suppress(OSError):
        try:
            with unfinished.open("wb") as target:
                np.savez(target, *made)
            unfinished.replace(file)
        finally:
            unfinished.unlink(missing_ok=True)
    return made
