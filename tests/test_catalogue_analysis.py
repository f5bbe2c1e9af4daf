"""Words of services and of families meet in full text: stems, parts of compounds, pairs of characters."""

from __future__ import annotations

import pytest

from bot.catalogue.analysis import document_terms, query_terms


@pytest.mark.parametrize(
    ("stored", "asked", "language"),
    [
        ("Lastenneuvola", "neuvolaan", "fi"),
        ("Perheneuvola", "neuvola", "fi"),
        ("Perheiden kotipalvelu", "kotipalvelua", "fi"),
        ("Skolkurator", "kuratorn", "sv"),
        ("Familjerådgivning", "rådgivning", "sv"),
        ("Kvinnojour och skyddshem", "kvinnojouren", "sv"),
        ("Детские сады", "детский сад", "ru"),
        ("Lasteaed ja lastehoid", "lasteaeda", "et"),
        ("Çocuk yuvası", "çocuklar", "tr"),
        ("Turjumaanka", "turjumaan", "so"),
        ("دروس اللغة", "اللغه", "ar"),
        ("学习芬兰语的课程", "我想学芬兰语", "zh"),
    ],
)
def test_a_word_is_found_in_its_other_forms(stored: str, asked: str, language: str) -> None:
    assert set(document_terms(stored, language)) & set(query_terms(asked, language))


def test_finnish_names_are_understood_in_every_language() -> None:
    assert set(document_terms("Äitiysneuvola", "fi")) & set(query_terms("neuvola", "ar"))


def test_unlike_words_do_not_meet() -> None:
    assert not set(document_terms("Turvakoti", "fi")) & set(query_terms("kerhoon", "fi"))
