"""Batch files to recipes."""
