"""Frames of a stream: cut from it, weighted, stacked, delayed, and added up again."""
