"""Which class of failure an engine's error is of, as its slot tells it."""

from musep2p.runner.child import classes_of


def kind_of(error):
    """`permanent`: it would fail anywhere; `here`: this machine cannot; `passing`."""
    permanent, here = classes_of(error)
    return "permanent" if permanent else "here" if here else "passing"
