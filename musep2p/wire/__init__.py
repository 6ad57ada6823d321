"""The core's messages as bytes, and back."""
