"""Program and plan -> C: readable, freestanding, C11 and C++17, one prefix a model or application."""

from __future__ import annotations

from motes.emit.application import emit_application, emit_application_host, emit_application_main
from motes.emit.model import emit_model, emit_profile_main, prefix_for

__all__ = [
    "emit_application",
    "emit_application_host",
    "emit_application_main",
    "emit_model",
    "emit_profile_main",
    "prefix_for",
]
