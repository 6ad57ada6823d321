"""Does any prompt break the painter? Random words of both languages, other scripts, emoji, noise, up to 10 kB.

    python bench/painter_fuzz.py [COUNT [RNG_SEED]]

Exit code 1 when a prompt raised anything, or gave a flat picture.
"""

from __future__ import annotations

import random
import sys
import time
from collections import Counter

import numpy as np

from musep2p.painter.lexicon import lexicon
from musep2p.painter.paint import paint

SCRIPTS = (
    (0x20, 0x7E), (0xC0, 0x24F), (0x370, 0x3FF), (0x400, 0x4FF), (0x5D0, 0x5EA), (0x627, 0x64A), (0x904, 0x939),
    (0xE01, 0xE3A), (0x3041, 0x30FF), (0x4E00, 0x9FFF), (0xAC00, 0xD7A3), (0x1F300, 0x1FAFF), (0x0, 0x1F),
    (0xD800, 0xDFFF),
)  # fmt: skip
MARKS = (
    "(",
    ")",
    "[",
    "]",
    ":1.3)",
    ":-9)",
    ":99999999)",
    ",",
    "，",
    "|",
    "<lora:a:1>",
    "\\",
    "no ",
    "没有",
    "two ",
    "((((",
    "::",
)
SIDES = (64, 65, 80, 96, 128, 200)


def prompt(rng: random.Random, words: list[str]) -> str:
    """A prompt of words, marks, and characters of one or several scripts; sometimes empty, sometimes 10 kB."""
    parts = []
    for _ in range(rng.choice((0, 1, 2, 3, 5, 8, 13, 40))):
        kind = rng.random()
        if kind < 0.55:
            parts.append(rng.choice(words))
        elif kind < 0.7:
            parts.append(rng.choice(MARKS))
        else:
            low, high = rng.choice(SCRIPTS)
            parts.append("".join(chr(rng.randint(low, high)) for _ in range(rng.randint(1, 12))))
    text = rng.choice((" ", ", ", "", "，")).join(parts)
    return (text + " ") * (10_000 // (len(text) + 1) + 1) if rng.random() < 0.02 else text


def lively(picture: np.ndarray) -> bool:
    """Neither flat nor nearly so: tones spread by 6 of 255 or more, and not of a few values only."""
    grey = picture.astype(np.float64).mean(axis=2)
    return len(np.unique(grey)) > 8 and float(grey.std()) > 6


def main() -> int:
    """Paint them all; print what went wrong and how long it took."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    rng = random.Random(seed)
    known = lexicon()
    words = [" ".join(phrase) for phrase in known.english] + list(known.chinese)
    faults: Counter[str] = Counter()
    slowest, began = 0.0, time.perf_counter()
    for number in range(count):
        values = {
            "prompt": prompt(rng, words), "negative": prompt(rng, words) if rng.random() < 0.3 else "",
            "width": rng.choice(SIDES), "height": rng.choice(SIDES), "steps": rng.choice((-3, 0, 5, 20, 60, 10**6)),
            "guidance": rng.choice((-5.0, 0.0, 1.0, 7.0, 30.0, 1e30)),
            "seed": rng.choice((0, -1, 7, 2**63, rng.getrandbits(80))),
        }  # fmt: skip
        before = time.perf_counter()
        try:
            if not lively(np.asarray(paint(values))):
                faults["flat"] += 1
                print("flat:", values)
        except Exception as error:
            faults[type(error).__name__] += 1
            print(f"{type(error).__name__}: {error}: {values}")
        slowest = max(slowest, time.perf_counter() - before)
        if (number + 1) % 2000 == 0:
            print(f"{number + 1} prompts", file=sys.stderr, flush=True)
    spent = time.perf_counter() - began
    print(
        f"{count} prompts, {sum(faults.values())} faults {dict(faults)}, slowest {slowest:.2f} s, {spent:.0f} s in all"
    )
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
