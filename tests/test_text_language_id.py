"""Which language a message is in (needs the model that `make train` makes)."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.text.language_id import UNKNOWN, LanguageIdentifier, ModelMissing, words

SAID = [
    ("fi", "meillä ei oo ollu ruokaa kohta kahteen päivään"),
    ("sv", "min dotter låser in sig och vill inte prata"),
    ("en", "hes been throwing chairs since the move"),
    ("et", "laps kardab koolis vahetunde"),
    ("ru", "муж запил и мы боимся идти домой"),
    ("ru", "pomogite pozhaluista rebenok ne spit sovsem"),
    ("uk", "донька не хоче їсти відколи ми приїхали"),
    ("ar", "بنتي ما تحچي ويانا من شهر"),
    ("ar", "ibni ma yinam bil lail shu asawi"),
    ("fa", "پسرم از مدرسه فراری شده و گریه می‌کند"),
    ("so", "ilmaheygu habeenkii oo dhan wuu ooyaa"),
    ("ckb", "کوڕەکەم ناچێتە قوتابخانە و دەگری"),
    ("tr", "kizim okula gitmek istemiyor cok uzgun"),
    ("vi", "con toi khong chiu an gi ca ngay"),
    ("zh", "孩子晚上一直哭，我撑不住了"),
]
OTHERS = [
    "moje dziecko nie chce chodzić do szkoły i płacze",
    "mein Sohn will nicht mehr in die Schule gehen",
    "djali im nuk dëshiron të shkojë në shkollë",
    "میرا بیٹا اسکول جانا نہیں چاہتا اور روتا رہتا ہے",
    "ma fille ne veut plus aller à l'école depuis un mois",
    "मेरा बेटा स्कूल नहीं जाना चाहता",
]


@pytest.fixture(scope="module")
def identifier() -> LanguageIdentifier:
    """With the trained model."""
    return LanguageIdentifier()


@pytest.mark.parametrize(("language", "text"), SAID)
def test_each_supported_language(identifier: LanguageIdentifier, language: str, text: str) -> None:
    """In its own letters, in Latin ones, colloquial."""
    assert identifier.identify(text) == language
    other = "fi" if language != "fi" else "ar"
    assert identifier.confident(text, other) == language
    assert identifier.confident(text, language) is None


@pytest.mark.parametrize("text", OTHERS)
def test_another_language_is_none_of_ours(identifier: LanguageIdentifier, text: str) -> None:
    """It is not taken for a supported one."""
    assert identifier.identify(text, "fi") not in {language for language, _text in SAID}


@pytest.mark.parametrize("text", ["Kuusamo", "ok", "Mohamed Ali", "jaa", "040 1234567", "…", "🙏"])
def test_a_word_changes_nothing(identifier: LanguageIdentifier, text: str) -> None:
    """A place, a name, a number or an interjection is an answer in the language so far."""
    assert identifier.confident(text, "so") is None


def test_finnish_words_inside_do_not_decide(identifier: LanguageIdentifier) -> None:
    """The person's main language counts."""
    assert identifier.identify("ابني بالpäiväkoti وما يريد يروح للneuvola بعد") == "ar"
    assert identifier.identify("meni päätin TET mutta opo sanoi no problem, siis mitä ihmettä") == "fi"


def test_nothing_to_go_by(identifier: LanguageIdentifier) -> None:
    """Numbers are in no language."""
    assert identifier.identify("112") == UNKNOWN


def test_chinese_is_counted_by_characters() -> None:
    """It has no spaces."""
    assert words("孩子晚上一直哭") == 7
    assert words("can't sleep") == 2


def test_without_training_it_says_what_to_do(tmp_path: Path) -> None:
    """A sentence, not a trace."""
    with pytest.raises(ModelMissing, match="make train"):
        LanguageIdentifier(tmp_path / "language.npz").identify("hei mitä kuuluu")
