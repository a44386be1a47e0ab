"""Small models of every operator and type to begin with: what coverage alone would take days to write."""

from __future__ import annotations

from collections.abc import Iterator

from case_models import model_of, smallest
from random_models import random_model
from test_tflite_decode import looked_up, pruned, words_of_a_code
from test_tflite_ends import MODELS as ENDS
from test_tflite_fuzz import models
from test_tflite_pauses import MODELS as PAUSES
from test_tflite_state import MODELS as STATES
from test_tflite_variables import MODELS as VARIABLES

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
    for write in (*ENDS, *STATES, *VARIABLES, *PAUSES, looked_up, pruned, words_of_a_code):
        yield write.__name__, write()
    for model in map(random_model, range(RANDOM)):
        if len(model.data) <= LARGEST:
            yield model.name, model.data
