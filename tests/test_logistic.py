"""Logistic regression by dual coordinate descent; the truth is that the gradient of what it minimises is 0."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curate.kernels.logistic import fit


def orders_of(n_texts: int, passes: int) -> np.ndarray:
    chance = np.random.default_rng(0)
    return np.array([chance.permutation(n_texts) for _ in range(passes)])


def dense(texts: list[list[int]], scales: np.ndarray) -> np.ndarray:
    values = np.zeros((len(texts), len(scales)))
    for row, text in zip(values, texts, strict=True):
        row[text] = scales[text] / math.sqrt(len(text))
    return values


def fitted(texts: list[list[int]], scales: np.ndarray, positive: np.ndarray, strength: float, passes: int):
    features = np.array([number for text in texts for number in text], np.int32)
    borders = np.cumsum([0, *map(len, texts)], dtype=np.int64)
    return fit(features, borders, scales, positive, strength, orders_of(len(texts), passes))


TEXTS = st.lists(st.sets(st.integers(0, 7), min_size=1, max_size=8).map(sorted), min_size=2, max_size=12)


@settings(max_examples=60, deadline=None)
@given(TEXTS, st.sampled_from([0.1, 1.0, 10.0]), st.randoms(use_true_random=False))
def test_the_gradient_is_nought_at_the_weights_found(texts: list[list[int]], strength: float, chance) -> None:
    scales = np.array([chance.uniform(-2, 2) or 1.0 for _ in range(8)])
    positive = np.array([chance.random() < 0.5 for _ in texts])
    weights = fitted(texts, scales, positive, strength, 2000)
    coefficients, values, signs = weights / scales, dense(texts, scales), np.where(positive, 1, -1)
    wrong = 1 / (1 + np.exp(signs * (values @ coefficients)))
    gradient = coefficients - strength * values.T @ (signs * wrong)
    assert np.abs(gradient).max() < 1e-5


def test_one_text_of_each_kind_gives_weights_worked_out_by_hand() -> None:
    # One feature in each text, scale 1: w = sigmoid(-w) by symmetry, whose solution is 0.4010581...
    weights = fitted([[0], [1]], np.ones(2), np.array([True, False]), 1.0, 50)
    assert weights == pytest.approx([0.401058137541547, -0.401058137541547])


def test_a_feature_of_scale_nought_keeps_the_weight_nought() -> None:
    weights = fitted([[0, 1], [1]], np.array([2.0, 0.0]), np.array([True, False]), 5.0, 50)
    assert weights[0] > 0 and weights[1] == 0


def test_texts_that_are_alike_have_the_share_of_the_positive_as_probability() -> None:
    weights = fitted([[0, 1]] * 100, np.ones(2), np.arange(100) < 90, 10.0, 400)
    assert weights.sum() / math.sqrt(2) == pytest.approx(math.log(9), abs=0.03)  # 90 of 100


def test_great_strengths_and_scales_end_in_numbers() -> None:
    assert np.isfinite(fitted([[0, 1]] * 100, np.full(2, 1e3), np.arange(100) < 90, 1e9, 20)).all()


def test_the_same_orders_give_the_same_bits() -> None:
    chance = np.random.default_rng(1)
    texts = [sorted({*chance.integers(0, 40, 6).tolist()}) for _ in range(60)]
    scales, positive = chance.normal(0, 1, 40), chance.random(60) < 0.5
    one, two = (fitted(texts, scales, positive, 10.0, 5) for _ in range(2))
    assert (one == two).all() and one.any()
