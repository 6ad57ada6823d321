"""The painter's vocabulary: phrases in English and Chinese, each meaning one or more concepts (`slot.name`)."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

__all__ = ["Lexicon", "lexicon"]

# Traditional to simplified, for the characters of the vocabulary.
_TRADITIONAL = str.maketrans(
    "貓龍鳥樹紅藍綠髮發鬚眼鏡裝長頭髻辮捲馬鹿魚龜鯨鴨鵝鷹鸚鵡豬雞貝爾蘭蓮梅櫻楓葉燈籠鐘書劍傘點風車橋廟閣樓島遠觀灣漁雲霧雷電陽陰靜歡樂憂鬱驚訝憤怒寶兒媽爺奶國"
    "畫墨剪紙銀銅褐黃術師員廚醫騎戰將軍僧藝機農經詩語標籤繪圖維標準圍",
    "猫龙鸟树红蓝绿发发须眼镜装长头髻辫卷马鹿鱼龟鲸鸭鹅鹰鹦鹉猪鸡贝尔兰莲梅樱枫叶灯笼钟书剑伞点风车桥庙阁楼岛远观湾渔云雾雷电阳阴静欢乐忧郁惊讶愤怒宝儿妈爷奶国"
    "画墨剪纸银铜褐黄术师员厨医骑战将军僧艺机农经诗语标签绘图维标准围",
)


class Lexicon:
    """Phrases and what they mean.

    Attributes:
        english: phrase as a tuple of lower-case words -> concepts.
        chinese: phrase -> concepts.
        longest: most words of an English phrase, most characters of a Chinese one.
    """

    def __init__(self, table: str) -> None:
        self.english: dict[tuple[str, ...], tuple[str, ...]] = {}
        self.chinese: dict[str, tuple[str, ...]] = {}
        for line in table.splitlines():
            if not line or line.startswith("#"):
                continue
            concept, _, phrases = line.partition(":")
            english, _, chinese = phrases.partition("|")
            for phrase in english.split(","):
                words = tuple(phrase.lower().replace("-", " ").split())
                if words:
                    self.english[words] = (*self.english.get(words, ()), concept)
            for phrase in chinese.split():
                self.chinese[phrase] = (*self.chinese.get(phrase, ()), concept)
        self.longest = (max(len(words) for words in self.english), max(len(phrase) for phrase in self.chinese))

    def words(self, words: list[str], at: int) -> tuple[int, tuple[str, ...]]:
        """The longest English phrase that begins there: how many words, and what it means; (0, ()) if none."""
        for count in range(min(self.longest[0], len(words) - at), 0, -1):
            phrase = tuple(words[at : at + count])
            for form in (phrase, (*phrase[:-1], _singular(phrase[-1]))):
                if form in self.english:
                    return count, self.english[form]
        return 0, ()

    def characters(self, text: str, at: int) -> tuple[int, tuple[str, ...]]:
        """The longest Chinese phrase that begins there."""
        for count in range(min(self.longest[1], len(text) - at), 0, -1):
            phrase = text[at : at + count].translate(_TRADITIONAL)
            if phrase in self.chinese:
                return count, self.chinese[phrase]
        return 0, ()


@cache
def lexicon() -> Lexicon:
    """The vocabulary of this package."""
    return Lexicon(files("musep2p.painter").joinpath("words.txt").read_text("utf-8"))


def _singular(word: str) -> str:
    for ending, instead in (("ies", "y"), ("ves", "f"), ("es", ""), ("s", "")):
        if word.endswith(ending) and len(word) > len(ending) + 2:
            stem = word[: -len(ending)] + instead
            if (stem,) in lexicon().english:
                return stem
    return word[:-1] if word.endswith("s") and len(word) > 3 else word
