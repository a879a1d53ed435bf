"""Classifiers that a user trains: samples, training, figures, and the card beside the model.

`curate train classifier` writes `model.bin` and `model.bin.json`; the filters `classifier` and `domain` read both.
"""
