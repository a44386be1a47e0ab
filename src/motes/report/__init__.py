"""What was built and measured, for people and for programs: terminal, JSON, one self-contained HTML page."""

from __future__ import annotations

from motes.report.data import to_json
from motes.report.page import html, profile_page
from motes.report.terminal import summary

__all__ = ["html", "profile_page", "summary", "to_json"]
