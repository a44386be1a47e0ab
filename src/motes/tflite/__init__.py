"""From a .tflite file to a `Graph`."""

from motes.tflite.importer import Attempt, Attempted, attempt, load

__all__ = ["Attempt", "Attempted", "attempt", "load"]
