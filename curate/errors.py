"""What can go wrong, as one tree.

    CurateError                 exit code 1: a run failed; what is finished stays, `curate run` goes on from there
    ├── PipelineError           exit code 2: the pipeline, a parameter or a file it names is wrong; nothing was read
    ├── RejectedError           more rows than `max_rejected` could not be read
    ├── WorkerError             a worker process died or a task failed; names the part
    └── VerifyError             a shard is not what its manifest says

Every message is one line: what is wrong, where, and what to do about it.
"""


class CurateError(Exception):
    """A run that failed; `exit_code` is what the command line returns."""

    exit_code = 1


class PipelineError(CurateError):
    """A pipeline that cannot run as written: found before anything is read."""

    exit_code = 2


class RejectedError(CurateError):
    """More rows were rejected than a reader's `max_rejected` allows."""


class WorkerError(CurateError):
    """A worker process died, or its task raised."""


class VerifyError(CurateError):
    """A shard whose bytes or contents differ from its manifest."""
