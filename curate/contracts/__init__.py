"""What a reader, a cleaner, a filter, a writer and an engine promise; column names and dtypes.

All steps are frozen values: parameters only, comparable, printable, with a JSON Schema. A class of one's own needs no
registration: `package.module:Class` in the pipeline names it. `curate.testing.check_filter` is the filter's contract as
a test.
"""

from curate.contracts.corpus import SEGMENT_COLUMNS as SEGMENT_COLUMNS
from curate.contracts.corpus import UNIT_COUNTS as UNIT_COUNTS
from curate.contracts.corpus import CorpusFilter as CorpusFilter
from curate.contracts.corpus import PassageFilter as PassageFilter
from curate.contracts.engine import Engine as Engine
from curate.contracts.engine import Outcome as Outcome
from curate.contracts.engine import Task as Task
from curate.contracts.filters import CUT_COLUMNS as CUT_COLUMNS
from curate.contracts.filters import EVIDENCE_COLUMNS as EVIDENCE_COLUMNS
from curate.contracts.filters import SIGNAL_TYPES as SIGNAL_TYPES
from curate.contracts.filters import Cleaned as Cleaned
from curate.contracts.filters import Cleaner as Cleaner
from curate.contracts.filters import CuttingFilter as CuttingFilter
from curate.contracts.filters import Filter as Filter
from curate.contracts.filters import Measured as Measured
from curate.contracts.reading import BATCH_BYTES as BATCH_BYTES
from curate.contracts.reading import PART_BYTES as PART_BYTES
from curate.contracts.reading import RAW_BYTES as RAW_BYTES
from curate.contracts.reading import Batch as Batch
from curate.contracts.reading import Input as Input
from curate.contracts.reading import Part as Part
from curate.contracts.reading import Piece as Piece
from curate.contracts.reading import Reader as Reader
from curate.contracts.reading import Rejected as Rejected
from curate.contracts.steps import ByteSize as ByteSize
from curate.contracts.steps import InputFile as InputFile
from curate.contracts.steps import Line as Line
from curate.contracts.steps import Step as Step
from curate.contracts.steps import StepT as StepT
from curate.contracts.texts import ID as ID
from curate.contracts.texts import SOURCE as SOURCE
from curate.contracts.texts import TEXT as TEXT
from curate.contracts.texts import Documents as Documents
from curate.contracts.texts import Utf8 as Utf8
from curate.contracts.writing import Staging as Staging
from curate.contracts.writing import Writer as Writer
