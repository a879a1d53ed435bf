"""What if a condition were another one: counts, numbers and documents of a finished run, read off its tables.

Estimates are made before duplicates: one or several rules are replaced, all others are as they are, and a document
counts as kept when no rule drops it that looks at one document. Nothing is measured again; 10 million documents take
seconds.
"""

from curate.tune.rules import number_for as number_for
from curate.tune.rules import rule_table as rule_table
from curate.tune.rules import rules as rules
from curate.tune.signals import signal_table as signal_table
from curate.tune.what_if import what_if as what_if
