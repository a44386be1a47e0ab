"""Small models of every operator and type to begin with: what coverage alone would take days to write."""

from __future__ import annotations

from collections.abc import Iterator

from case_models import model_of, smallest
from random_models import random_model
from test_tflite_fuzz import models

RANDOM = 60
"""So many random models are seeds, too, where they are small."""
LARGEST = 8 << 10
"""Bytes: what is larger is mutated too slowly."""


def seeds() -> Iterator[tuple[str, bytes]]:
    """(name, file) of every seed; the same each time."""
    for case in smallest():
        yield case.name, model_of(case)
    for name, read in models():
        yield name, read()
    for model in map(random_model, range(RANDOM)):
        if len(model.data) <= LARGEST:
            yield model.name, model.data
