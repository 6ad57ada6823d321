"""Settings of all tests: how long an example takes is no property of the code; machines are noisy."""

from hypothesis import settings

settings.register_profile("musep2p", deadline=None)
settings.load_profile("musep2p")
