"""What does a picture of the painter in the box cost, by size? Seconds and peak memory on one core.

    python bench/painter.py [--json] [--rounds N]

Each size runs in a process of its own over six prompts that cost unlike much; beside it the floor: encoding the same
pictures as PNG files at the store's compression.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import time

SIZES = ((256, 256), (384, 512), (512, 512), (768, 1024), (1024, 1024), (1024, 1536), (2048, 2048))
PROMPTS = (
    "portrait of an old man with a beard and a hat, by the sea",
    "young woman with long red hair, green dress, watercolour",
    "neon street at night in the rain",
    "fox in a snowy pine forest, full moon, oil painting",
    "桂林山水，小船，水墨画",
    "teapot and three lemons on a table",
)


def measure(width: int, height: int, rounds: int) -> dict[str, float]:
    """Median and greatest seconds of painting, of encoding, and the peak in MiB above an idle Python with numpy."""
    from musep2p.images.png_text import encode_png
    from musep2p.painter.paint import calibration, paint

    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {0})
    calibration()  # loads what is loaded once
    painting, encoding = [], []
    for number in range(rounds):
        for prompt in PROMPTS:
            values = {
                "prompt": prompt, "negative": "", "width": width, "height": height, "steps": 20, "guidance": 7.0,
                "seed": number,
            }  # fmt: skip
            before = time.perf_counter()
            image = paint(values)
            painted = time.perf_counter()
            encode_png(image, values, "")
            painting.append(painted - before)
            encoding.append(time.perf_counter() - painted)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {
        "seconds": statistics.median(painting), "least": min(painting), "greatest": max(painting),
        "png": statistics.median(encoding), "peak_mib": peak,
    }  # fmt: skip


def main() -> int:
    """Measure all sizes, each in a child."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--one", nargs=2, type=int, metavar=("WIDTH", "HEIGHT"), help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.one:
        print(json.dumps(measure(*asked.one, asked.rounds)))
        return 0
    rows = []
    for width, height in SIZES:
        command = [sys.executable, __file__, "--rounds", str(asked.rounds), "--one", str(width), str(height)]
        run = subprocess.run(command, capture_output=True, text=True, check=True)
        rows.append({"size": f"{width}x{height}", **json.loads(run.stdout)})
    if asked.json:
        print(json.dumps(rows))
        return 0
    print("| size | seconds | x PNG encoding | peak MiB |\n| --- | --- | --- | --- |")
    for row in rows:
        spread = f"{row['seconds']:.2f} ({row['least']:.2f}-{row['greatest']:.2f})"
        print(f"| {row['size']} | {spread} | {row['seconds'] / row['png']:.1f} | {row['peak_mib']:.0f} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
