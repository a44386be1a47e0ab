"""What was built and measured, for people and for programs: terminal, JSON, one self-contained HTML page."""

from __future__ import annotations

from motes.report.data import milliseconds, to_json
from motes.report.page import build_page, profile_page, run_page
from motes.report.terminal import summary

__all__ = ["build_page", "milliseconds", "profile_page", "run_page", "summary", "to_json"]
