"""Languages that people name, and interpreters that they want or do not want."""

from __future__ import annotations

import pytest

from bot.text.wishes import find_languages, wants_interpreter

NAMED = [
    ("voinko saada vastauksen arabiaksi?", ["ar"]),
    ("puhun somalin kielellä", ["so"]),
    ("puhun somalia ja arabiaa", ["so", "ar"]),
    ("Dari", ["fa"]),
    ("Türkçeyi biliyorum", ["tr"]),
    ("somalinkielinen työntekijä", ["so"]),
    ("somaliksi", ["so"]),
    ("osaan vähän suomea ja englantia", ["fi", "en"]),
    ("puhumme kotona venäjää", ["ru"]),
    ("äidinkieleni on viro", ["et"]),
    ("kieli: suomi", ["fi"]),
    ("Suomi", ["fi"]),
    ("turkiksi kiitos", ["tr"]),
    ("vietnamiksi", ["vi"]),
    ("kurdin kieli", ["ckb"]),
    ("kurmandži", ["kmr"]),
    ("tarvitsen daria puhuvan tulkin", ["fa"]),
    ("farsiksi", ["fa"]),
    ("ukrainankielinen", ["uk"]),
    ("kiinaksi", ["zh"]),
    ("viittomakielen tulkki", ["fse"]),
    ("pohjoissaameksi", ["se"]),
    ("englanniksi tai ruotsiksi", ["en", "sv"]),
    ("espanjaksi, ranskaksi, saksaksi", ["es", "fr", "de"]),
    ("på svenska tack", ["sv"]),
    ("jag talar bara arabiska", ["ar"]),
    ("tolk på somaliska", ["so"]),
    ("förstår inte finska", ["fi"]),
    ("can you write in Swedish?", ["sv"]),
    ("I speak Arabic and some English", ["ar", "en"]),
    ("Somali interpreter please", ["so"]),
    ("we speak Kurdish (Sorani)", ["ckb"]),
    ("Pashto", ["ps"]),
    ("The answers are in Finnish and I do not understand, English please", ["fi", "en"]),
    ("He's Ukrainian, speaks Russian and some English", ["ru", "en"]),
    ("Russian", ["ru"]),
    ("أتكلم العربية فقط", ["ar"]),
    ("باللغة الفنلندية", ["fi"]),
    ("هل يوجد مترجم عربي؟", ["ar"]),
    ("بالإنجليزية", ["en"]),
    ("говорите по-русски?", ["ru"]),
    ("нужен русский язык", ["ru"]),
    ("на украинском", ["uk"]),
    ("розмовляю українською", ["uk"]),
    ("чи можна російською?", ["ru"]),
    ("räägin eesti keelt", ["et"]),
    ("vene keeles", ["ru"]),
    ("به زبان فارسی", ["fa"]),
    ("من دری صحبت می‌کنم", ["fa"]),
    ("Waxaan ku hadlaa af soomaali", ["so"]),
    ("af carabi", ["ar"]),
    ("بە کوردی قسە دەکەم", ["ckb"]),
    ("زمانی عەرەبی", ["ar"]),
    ("Türkçe konuşan biri", ["tr"]),
    ("Arapça veya Kürtçe", ["ar", "ckb"]),
    ("tôi nói tiếng Việt", ["vi"]),
    ("tiếng Anh", ["en"]),
    ("我说中文", ["zh"]),
    ("请用英语或芬兰语", ["en", "fi"]),
    ("arabiaksi, siis arabian kielellä", ["ar"]),
]

NOT_NAMED = [
    "asumme Suomessa",
    "Suomi on hyvä maa",
    "suomalainen mies",
    "mieheni on Venäjältä",
    "muutimme Ruotsista",
    "my Finnish husband left",
    "We have lived in Finland for long",
    "In Romania he was best in class",
    "a Russian neighbour",
    "min finska man",
    "муж русский",
    "زوجي صومالي",
    "lapsi ei nuku",
    "turkinpippuri",
    "muutimme Somaliasta, Somalia on kaukana",
    "Saudi-Arabia",
    "tôi đang mang thai",
    "Daria ja Darin",
    "hindi etini sevmez",
    "",
    "?!",
]

WANTED = [
    "tarvitsen tulkin",
    "Onko teillä tulkkia?",
    "tulkkaus arabiaksi",
    "en osaa suomea, tarvitsen tulkin",
    "meillä ei ollut tulkkia viimeksi",
    "en pärjää ilman tulkkia",
    "jag behöver en tolk",
    "I need an interpreter",
    "can a translator be there?",
    "أحتاج إلى مترجم",
    "هل يوجد مترجم عربي؟",
    "нужен переводчик",
    "мне нужен переводчик, я не говорю по-фински",
    "потрібен перекладач",
    "vajan tõlki",
    "به مترجم نیاز دارم",
    "waxaan u baahanahay turjumaan",
    "tarjumaan ayaan rabaa",
    "پێویستم بە وەرگێڕە",
    "tercümana ihtiyacım var",
    "tôi cần phiên dịch",
    "我需要翻译",
    "需要口譯",
]

NOT_WANTED = [
    "en tarvitse tulkkia",
    "emme halua tulkkia paikalle",
    "tulkkia ei tarvita",
    "En tarvitse enää tulkkia",
    "pärjään ilman tulkkia",
    "jag behöver ingen tolk",
    "tolk behövs inte",
    "I don't need an interpreter",
    "no need for an interpreter",
    "interpreter is not needed",
    "لا أحتاج إلى مترجم",
    "переводчик не нужен",
    "мне не нужен переводчик",
    "перекладач не потрібен",
    "tõlki pole vaja",
    "مترجم لازم ندارم",
    "turjumaan uma baahni",
    "وەرگێڕم پێویست نییە",
    "پێویستم بە وەرگێڕ نییە",
    "به مترجم نیازی ندارم",
    "tercümana ihtiyacım yok",
    "tôi không cần phiên dịch",
    "不需要翻译",
    "tulkitsen tämän väärin",
    "tarvitsen apua",
    "",
]


@pytest.mark.parametrize(("message", "languages"), NAMED)
def test_languages_are_found(message: str, languages: list[str]) -> None:
    assert find_languages(message) == languages


@pytest.mark.parametrize("message", NOT_NAMED)
def test_countries_and_nationalities_are_no_language(message: str) -> None:
    assert find_languages(message) == []


@pytest.mark.parametrize("message", WANTED)
def test_an_interpreter_is_wanted(message: str) -> None:
    assert wants_interpreter(message)


@pytest.mark.parametrize("message", NOT_WANTED)
def test_an_interpreter_is_not_wanted(message: str) -> None:
    assert not wants_interpreter(message)
