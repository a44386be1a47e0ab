"""Channels that never vary, or that nothing reads."""
