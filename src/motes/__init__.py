"""Motes."""
