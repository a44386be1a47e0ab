"""From a .tflite file to a `Graph`."""

from motes.tflite.importer import Attempt, attempt, load

__all__ = ["Attempt", "attempt", "load"]
