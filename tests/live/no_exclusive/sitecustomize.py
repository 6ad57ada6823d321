"""Put on PYTHONPATH by a test: a share on which exclusive create does not hold, for every process of a peer."""

import pathlib

_real = pathlib.Path.open


def _open(self, mode="r", *args, **options):
    return _real(self, mode.replace("x", "w") if ".tmp-probe" in self.name else mode, *args, **options)


pathlib.Path.open = _open
