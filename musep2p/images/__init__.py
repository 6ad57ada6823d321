"""PNG text, pixel hashes and thumbnails."""
