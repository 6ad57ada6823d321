"""The production core on a seeded virtual network, clock and disk."""
