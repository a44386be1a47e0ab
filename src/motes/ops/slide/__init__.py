"""Rows that are kept from one step over time to the next."""
