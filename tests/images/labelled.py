"""Pictures whose verdict is known, drawn from a seed: good ones of many kinds, and each kind of failed render."""

import io
import random

import numpy as np
from PIL import Image, ImageDraw

from musep2p.engines.registry import load_engine
from musep2p.ports import Task

SIDE = 160
SUBJECTS = (
    "a portrait of a woman", "Kyoto at dawn", "a cat on a roof", "mountains in fog", "the sea at night", "a red rose",
    "a castle in snow", "Paris in the rain", "an owl", "a desert at noon", "abstract shapes", "a man with a hat",
)  # fmt: skip


def like_nature(rng, power, low=0.0, high=255.0):
    """Colours whose amplitudes fall with frequency, as those of photographs do."""
    spectrum = np.random.default_rng(rng.getrandbits(32))
    reach = np.hypot(np.fft.fftfreq(SIDE)[:, None], np.fft.fftfreq(SIDE)[None, :])
    reach[0, 0] = 1
    planes = []
    for _ in range(3):
        waves = np.fft.fft2(spectrum.normal(size=(SIDE, SIDE))) / reach**power
        plane = np.real(np.fft.ifft2(waves))
        plane = (plane - plane.min()) / np.ptp(plane)
        planes.append(low + plane * (high - low))
    return Image.fromarray(np.stack(planes, axis=2).astype(np.uint8))


def painted(rng):
    engine = load_engine("atelier")
    asked = {"prompt": rng.choice(SUBJECTS), "width": SIDE, "height": SIDE, "seed": rng.randrange(10_000), "steps": 4}
    return Image.open(io.BytesIO(engine.render(Task(engine.normalise(asked), 1, 1.0)).data)).convert("RGB")


def drawing(rng, paper, ink):
    """Some lines on paper."""
    image = Image.new("RGB", (SIDE, SIDE), paper)
    pen = ImageDraw.Draw(image)
    for _ in range(rng.randrange(4, 30)):
        pen.line([rng.randrange(SIDE) for _ in range(4)], fill=ink, width=rng.randrange(1, 4))
    return image


def night(rng):
    """Black, with some lights."""
    image = Image.new("RGB", (SIDE, SIDE), (1, 1, 3))
    pen = ImageDraw.Draw(image)
    for _ in range(rng.randrange(8, 40)):
        x, y, size = rng.randrange(SIDE), rng.randrange(SIDE), rng.randrange(1, 4)
        pen.ellipse((x, y, x + size, y + size), fill=(rng.randrange(120, 256),) * 3)
    return image


def gradient(rng):
    left, right = (np.array([rng.randrange(256) for _ in range(3)]) for _ in range(2))
    if np.abs(left - right).max() < 30:
        right = 255 - left
    share = np.linspace(0, 1, SIDE)[None, :, None]
    return Image.fromarray(np.broadcast_to(left + share * (right - left), (SIDE, SIDE, 3)).astype(np.uint8))


def grained(rng):
    """A photograph with strong film grain."""
    image = np.asarray(like_nature(rng, 1.4), dtype=np.float32)
    grain = np.random.default_rng(rng.getrandbits(32)).normal(0, 22, size=(SIDE, SIDE, 1))
    return Image.fromarray(np.clip(image + grain, 0, 255).astype(np.uint8))


def chequered(rng):
    side = rng.choice((1, 2, 4, 8, 16))
    rows, columns = np.indices((SIDE, SIDE)) // side
    tones = np.array([[rng.randrange(0, 100)] * 3, [rng.randrange(150, 256)] * 3])
    return Image.fromarray(tones[(rows + columns) % 2].astype(np.uint8))


def product(rng):
    """A thing in the middle of one even colour, a light grey among them."""
    tone = rng.choice(((255, 255, 255), (240, 240, 240), (200, 200, 205), (90, 20, 20), (0, 0, 0)))
    image = Image.new("RGB", (SIDE, SIDE), tone)
    thing = like_nature(rng, 1.2).resize((SIDE // 2, SIDE // 2))
    image.paste(thing, (SIDE // 4, SIDE // 5))
    return image


def letterboxed(rng):
    image = Image.new("RGB", (SIDE, SIDE))
    image.paste(like_nature(rng, 1.2).resize((SIDE, SIDE // 2)), (0, SIDE // 4))
    return image


def pixel_art(rng):
    side = rng.choice((10, 16, 20))
    small = like_nature(rng, 1.3).resize((side, side)).quantize(12).convert("RGB")
    return small.resize((SIDE, SIDE), Image.Resampling.NEAREST)


GOOD = {
    "painted": painted,
    "photograph": lambda rng: like_nature(rng, rng.uniform(0.9, 1.8)),
    "fog": lambda rng: like_nature(rng, 1.6, *rng.choice(((120, 150), (200, 235), (20, 45)))),
    "ink on paper": lambda rng: drawing(rng, (255, 255, 255), (20, 20, 20)),
    "chalk on a board": lambda rng: drawing(rng, (4, 8, 4), (230, 230, 230)),
    "night": night,
    "gradient": gradient,
    "film grain": grained,
    "chequered": chequered,
    "product": product,
    "letterboxed": letterboxed,
    "pixel art": pixel_art,
}


def even(rng, levels, spread=0):
    tone = np.array([rng.choice(levels)] * 3) if spread == 0 else np.array([rng.randrange(*levels) for _ in range(3)])
    shake = np.random.default_rng(rng.getrandbits(32)).integers(0, 2, size=(SIDE, SIDE, 3))
    return Image.fromarray(np.clip(tone + shake * rng.choice((0, 1)), 0, 255).astype(np.uint8))


def noise(rng):
    """Of pixels, even or bell-shaped, or of a model's blocks of eight."""
    numbers, kind = np.random.default_rng(rng.getrandbits(32)), rng.randrange(4)
    if kind == 0:
        pixels = numbers.integers(0, 256, size=(SIDE, SIDE, 3))
    elif kind == 1:
        pixels = np.clip(numbers.normal(rng.randrange(90, 170), rng.randrange(15, 60), (SIDE, SIDE, 3)), 0, 255)
    elif kind == 2:
        pixels = numbers.choice((0, 255), size=(SIDE, SIDE, 1)) * np.ones((1, 1, 3))
    else:
        cells = np.clip(numbers.normal(128, 45, (SIDE // 8, SIDE // 8, 3)), 0, 255).astype(np.uint8)
        return Image.fromarray(cells).resize((SIDE, SIDE), Image.Resampling.BILINEAR)
    return Image.fromarray(pixels.astype(np.uint8))


def half_grey(rng):
    """As a decoder leaves it that ran out of data."""
    image = like_nature(rng, 1.3)
    left = rng.uniform(0.25, 0.9)
    image.paste((128, 128, 128), (0, round(SIDE * (1 - left)), SIDE, SIDE))
    return image


BAD = {
    "black": lambda rng: even(rng, (0, 1, 2)),
    "white": lambda rng: even(rng, (253, 254, 255)),
    "flat": lambda rng: even(rng, (10, 246), spread=1),
    "noise": noise,
    "grey": half_grey,
}


def encoded(image, rng):
    """In one of the formats that engines give."""
    out = io.BytesIO()
    form = rng.choice(("PNG", "PNG", "JPEG", "WEBP"))
    image.save(out, form, **({} if form == "PNG" else {"quality": rng.choice((80, 95))}))
    return out.getvalue()


def drawn(kinds, each, seed):
    """So many pictures of each kind, with its name, as bytes."""
    for kind, draw in kinds.items():
        for number in range(each):
            rng = random.Random(f"{seed} {kind} {number}")
            yield kind, encoded(draw(rng), rng)
