"""The 24 prompts of the sheet in docs/: eight with faces or figures, six in Chinese."""

from __future__ import annotations

__all__ = ["PROMPTS"]

PROMPTS = (
    "Portrait of an old fisherman with a white beard, yellow raincoat and wool hat, stormy sea, oil painting",
    "Young woman with long red hair and a flower crown, green dress, watercolour",
    "Portrait of my grandmother with round glasses, drinking tea, warm light",
    "戴眼镜的小男孩，短发，条纹毛衣，大笑",
    "身穿红色汉服的古风少女，黑色长发，拿着扇子，竹林",
    "Astronaut on the moon, planets in the sky",
    "Concierge in a navy suit waving in front of a hotel in Paris",
    "Ballerina in a pink dress, dancing, spotlight",
    "A white cat with a red apple and books, evening",
    "Fox in a snowy pine forest, full moon",
    "两条锦鲤，荷花池塘，水墨",
    "Green Chinese dragon above the clouds, ukiyo-e",
    "Teapot and three lemons on a table, still life",
    "Sunflowers in a blue vase, van gogh",
    "Lighthouse in a thunderstorm",
    "富士山，鸟居，樱花",
    "Red sailboat on the sea at sunset, travel poster",
    "New York skyline at night with fireworks",
    "Neon street in the rain, cyberpunk",
    "北京天坛，秋天，飞鸟",
    "Hot air balloons over mountains at dawn, low poly",
    "Desert with pyramids, art deco",
    "桂林山水，小船，薄雾，水墨画",
    "Abstract composition in blue and gold, stained glass",
)
