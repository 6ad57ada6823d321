"""Slots: child processes that run engines."""
