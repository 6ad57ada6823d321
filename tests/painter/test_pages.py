"""The page about the painter says what the painter knows."""

from musep2p.painter.lexicon import lexicon
from tests.painter.pages import DOCS, TITLES, page

INTERNAL = {"cut", "count", "not", "hairs", "eyes", "lips", "freckles", "scarf", "necklace", "earrings", "clothes"}


def test_the_table_of_words_is_made_from_the_vocabulary():
    """Run `python -m tests.painter.pages` after a change."""
    assert page() == (DOCS / "atelier.md").read_text("utf-8")


def test_no_class_of_words_is_missing_from_the_page():
    """But for those that only belong to others."""
    slots = {concept.partition(".")[0] for concepts in lexicon().english.values() for concept in concepts}

    assert slots - INTERNAL == set(TITLES)
