"""musep2p: a render farm for generative art made of a studio's own workstations, with no server."""

__version__ = "0.1.0"
__all__ = ["__version__"]
