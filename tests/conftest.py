"""Settings of all tests: how long an example takes is no property of the code; machines are noisy."""

import gc

from hypothesis import settings

settings.register_profile("musep2p", deadline=None)
settings.load_profile("musep2p")
gc.set_threshold(50_000, 50, 1000)  # simulated farms make many objects that stay: nothing to look for
