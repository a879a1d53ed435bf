"""The commands, a module for each kind: what is given, one function of the library, what is printed.

Data go to stdout, progress and messages to stderr. Whatever takes long to import is imported inside a command, so that
`curate --help` answers in a third of a second.
"""
