"""Ages in messages, as families of many languages write them; and numbers that are no ages."""

from __future__ import annotations

import pytest

from bot.text.ages import find_ages

# language, message, months of the ages found
AGES = [
    ("fi", "2-vuotias poika", [24]),
    ("fi", "2 vuotias", [24]),
    ("fi", "2v tyttö", [24]),
    ("fi", "5 v. poika", [60]),
    ("fi", "puolivuotias vauva", [6]),
    ("fi", "puolitoistavuotias", [18]),
    ("fi", "1,5-vuotias", [18]),
    ("fi", "kaksi ja puoli vuotta vanha", [30]),
    ("fi", "vauva 4kk", [4]),
    ("fi", "4 kk vanha", [4]),
    ("fi", "4-kuukautinen", [4]),
    ("fi", "kaksivuotias ei nuku", [24]),
    ("fi", "viisivuotiaani kiukuttelee", [60]),
    ("fi", "nelivuotias", [48]),
    ("fi", "viisitoistavuotiaalle", [180]),
    ("fi", "vauva 3 viikkoa", [0]),
    ("fi", "vauvamme on nyt kuusi viikkoa", [1]),
    ("fi", "8 viikon ikäinen", [1]),
    ("fi", "3- ja 5-vuotiaat lapset", [36, 60]),
    ("fi", "lapset 3, 5 ja 7-vuotiaat", [36, 60, 84]),
    ("fi", "hän on 7", [84]),
    ("fi", "Poika on 7 ja pelkää", [84]),
    ("fi", "lapsemme täytti juuri 5", [60]),
    ("fi", "lapset ovat 3 ja 5 vuotta", [36, 60]),
    ("fi", "ikä: 12", [144]),
    ("fi", "16-vuotias teini ja minä 38-vuotias", [192, 456]),
    ("fi", "vastasyntynyt vauva", [0]),
    ("fi", "3 vuotta", [36]),
    ("fi", "oon 14 ja mua kiusataan", [168]),
    ("fi", "Olen 11.", [132]),
    ("fi", "ero tuli, lapset 3 ja 6", [36, 72]),
    ("fi", "kolme poikaa, 9, 6 ja 4.", [108, 72, 48]),
    ("fi", "vauva on jo kaheksan kuukautta", [8]),
    ("fi", "lapsi on vuoden ja kaksi kuukautta", [14]),
    ("fi", "nuori mies 17 v ei opiskele", [204]),
    ("sv", "min tvååring", [24]),
    ("sv", "en 3-årig son", [36]),
    ("sv", "treårig flicka", [36]),
    ("sv", "sonen är 7 år", [84]),
    ("sv", "hon fyllde 5", [60]),
    ("sv", "sex månader gammal", [6]),
    ("sv", "ett och ett halvt år gammal", [18]),
    ("sv", "bebis 8 veckor", [1]),
    ("sv", "halvåring", [6]),
    ("en", "a six month old baby", [6]),
    ("en", "7 yo boy", [84]),
    ("en", "7yo", [84]),
    ("en", "my 3-year-old", [36]),
    ("en", "he is 7", [84]),
    ("en", "my daughter is seven.", [84]),
    ("en", "she's 4 and screams", [48]),
    ("en", "two and a half years old", [30]),
    ("en", "2 years 3 months old", [27]),
    ("en", "aged 14", [168]),
    ("en", "twins, 5 weeks old", [1]),
    ("en", "kids are 3 and 5", [36, 60]),
    ("en", "newborn", [0]),
    ("en", "I'm 13, can I get help by myself", [156]),
    ("en", "im 15 and i feel sad", [180]),
    ("en", "my grandson, 3, on Tuesdays", [36]),
    ("en", "Granddaughter (10) is sad", [120]),
    ("en", "vaccination for a 5 month old", [5]),
    ("en", "18 months, not walking", [18]),
    ("en", "panic attacks, 14 years", [168]),
    ("ar", "عمره سنتان", [24]),
    ("ar", "ابنتي عمرها ٣ سنوات", [36]),
    ("ar", "٣ سنوات", [36]),
    ("ar", "طفلي عمره ستة أشهر", [6]),
    ("ar", "عمرها سنة ونصف", [18]),
    ("ar", "ابني عمره خمس سنوات", [60]),
    ("ar", "عمره 7", [84]),
    ("ar", "عمر ابني ثلاث عشرة سنة", [156]),
    ("ar", "عمري ١٤ واهلي لا يعرفون", [168]),
    ("ar", "bnti 3omorha 3 sneen", [36]),
    ("ar", "وانا عندي ١٤ سنة", [168]),
    ("ru", "мне 14, дома все нормально", [168]),
    ("ru", "сыну 4, пора на осмотр", [48]),
    ("ru", "сыну 5 лет", [60]),
    ("ru", "дочери три года", [36]),
    ("ru", "пятилетний сын", [60]),
    ("ru", "3-летняя девочка", [36]),
    ("ru", "ему полтора года", [18]),
    ("ru", "ребёнку 8 месяцев", [8]),
    ("ru", "сыну исполнилось 6", [72]),
    ("uk", "синові 4 роки", [48]),
    ("uk", "п'ятирічна донька", [60]),
    ("uk", "дитині 9 місяців", [9]),
    ("uk", "їй шість років", [72]),
    ("et", "3-aastane laps", [36]),
    ("et", "kolmeaastane", [36]),
    ("et", "6-kuune beebi", [6]),
    ("et", "poeg on 7", [84]),
    ("et", "pooleteiseaastane", [18]),
    ("et", "laps on 4 aastat vana", [48]),
    ("fa", "پسرم ۵ ساله است", [60]),
    ("fa", "دختر سه‌ساله", [36]),
    ("fa", "بچه ۶ ماهه", [6]),
    ("fa", "دو سال و نیم دارد", [30]),
    ("so", "wiilkaygu waa 5 sano jir", [60]),
    ("so", "laba sano jir", [24]),
    ("so", "ilmahaygu waa lix bilood", [6]),
    ("so", "waxay jirtaa 7", [84]),
    ("so", "6 sano ayuu jiraa", [72]),
    ("so", "7 jirku wuu baqayaa", [84]),
    ("so", "Ilmuhu waa 5 usbuuc", [1]),
    ("so", "Caruurtu waa 3 iyo 6.", [36, 72]),
    ("so", "ma seexdo ilaa 12, 6 sano ayuu jiraa", [72]),
    ("ckb", "منداڵەکەم تەمەنی ٣ ساڵە", [36]),
    ("ckb", "کچەکەم پێنج ساڵانە", [60]),
    ("ckb", "٦ مانگە", [6]),
    ("tr", "3 yaşında", [36]),
    ("tr", "oğlum iki buçuk yaşında", [30]),
    ("tr", "6 aylık bebek", [6]),
    ("tr", "on iki yaşında", [144]),
    ("vi", "con tôi 5 tuổi", [60]),
    ("vi", "bé sáu tháng tuổi", [6]),
    ("vi", "bé được 8 tháng", [8]),
    ("vi", "mười hai tuổi", [144]),
    ("vi", "một tuổi rưỡi", [18]),
    ("vi", "con toi 5 tuoi", [60]),
    ("zh", "孩子3岁", [36]),
    ("zh", "三岁半", [42]),
    ("zh", "六个月大", [6]),
    ("zh", "宝宝8个月", [8]),
    ("zh", "十二歲", [144]),
    ("zh", "半岁", [6]),
]

NO_AGE = [
    ("fi", "muutimme vuonna 2019"),
    ("fi", "syntynyt 12.3.2019"),
    ("fi", "klo 8"),
    ("fi", "kello on 8"),
    ("fi", "soittakaa 040 123 4567"),
    ("fi", "velkaa 500 euroa"),
    ("fi", "90570 Oulu"),
    ("fi", "asuimme 3 vuotta Oulussa"),
    ("fi", "3 vuotta sitten erosimme"),
    ("fi", "odotimme 4 kk"),
    ("fi", "jono on 4 kk"),
    ("fi", "olen 4 kk raskaana"),
    ("fi", "lapsi on 3. luokalla"),
    ("fi", "vauva on valvonut 3 viikkoa"),
    ("fi", "meitä on 5"),
    ("fi", "lapsia on 3 perheessä"),
    ("fi", "hän on 40 asteen kuumeessa"),
    ("fi", "kuusi lasta"),
    ("fi", "sano 5"),
    ("fi", "olen 5 minuuttia myöhässä"),
    ("fi", "olen nukkunut 3 tuntia"),
    ("fi", "4-vuotistarkastus"),
    ("ru", "ему 5 раз говорили"),
    ("en", "I have a daughter, 3 sons and a dog"),
    ("en", "12 weeks along"),
    ("en", "two boys, 3 please"),
    ("so", "caruurtu waa saddex"),
    ("ar", "نسكن هنا منذ ٣ سنوات"),
    ("en", "in 2019"),
    ("en", "I waited for 5 years"),
    ("en", "3 months ago"),
    ("en", "he is 7 km away"),
    ("en", "she is one of them"),
    ("en", "at 8:30"),
    ("en", "I have 3 kids"),
    ("en", "I am 12 weeks pregnant"),
    ("sv", "vi har väntat i 3 månader"),
    ("sv", "klockan 8"),
    ("ar", "منذ ثلاث سنوات ونحن هنا"),
    ("ar", "عندي ٣ أطفال"),
    ("ru", "живём здесь 3 года"),
    ("ru", "3 года назад"),
    ("uk", "3 роки тому"),
    ("et", "2 aastat tagasi"),
    ("tr", "3 yıl önce geldik"),
    ("tr", "on çocuk"),
    ("vi", "năm 2019"),
    ("zh", "三个孩子"),
    ("fa", "۳ سال پیش"),
    ("so", "3 sano ka hor"),
]


@pytest.mark.parametrize(("language", "message", "months"), AGES)
def test_ages_are_read(language: str, message: str, months: list[int]) -> None:
    found = find_ages(message, language)
    assert [age.months for age in found] == months
    assert all(message[age.start : age.end] == age.text for age in found)


@pytest.mark.parametrize(("language", "message", "months"), AGES)
def test_ages_are_read_without_knowing_the_language(language: str, message: str, months: list[int]) -> None:
    assert [age.months for age in find_ages(message)] == months


@pytest.mark.parametrize(("language", "message"), NO_AGE)
def test_other_numbers_are_no_age(language: str, message: str) -> None:
    assert find_ages(message, language) == []
    assert find_ages(message) == []


def test_the_text_of_an_age_is_what_was_written() -> None:
    (age,) = find_ages("Tyttäreni on 2-vuotias eikä nuku", "fi")
    assert (age.start, age.end, age.text) == (13, 22, "2-vuotias")


@pytest.mark.parametrize(
    ("answer", "months"),
    [("5", [60]), ("٥", [60]), ("seitsemän", [84]), ("yksi", [12]), ("3 ja 5", [36, 60]), ("5.", [60])],
)
def test_a_bare_number_is_an_age_only_as_the_answer(answer: str, months: list[int]) -> None:
    assert find_ages(answer) == []
    assert [age.months for age in find_ages(answer, asked=True)] == months


@pytest.mark.parametrize("answer", ["2019", "90570", "60", "klo 5", "0401234567"])
def test_an_answer_that_cannot_be_a_childs_age(answer: str) -> None:
    assert find_ages(answer, asked=True) == []


@pytest.mark.parametrize("message", ["", " ", "-", "½", "…", "3", "vuotias", "岁", "1/2", "٪", "٣" * 20, "3 " * 100])
def test_odd_messages_are_answered_calmly(message: str) -> None:
    assert find_ages(message) == []
