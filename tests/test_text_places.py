"""Places in messages: what people write in their own languages and scripts, and what must not be taken for a place."""

from __future__ import annotations

import csv
import threading

import pytest
import yaml

from bot.text.places import REGIONS, PlaceFinder, place_finder

# language, message, ids of the places found in order
FOUND = [
    # Finnish: cases, clitics, possessives, spelling without dots, slips of the finger
    ("fi", "Asumme Iissä", ["ii"]),
    ("fi", "Muutimme juuri Iihin", ["ii"]),
    ("fi", "Iin neuvola ei vastaa", ["ii"]),
    ("fi", "Kotikunta: Ii", ["ii"]),
    ("fi", "Olen Haukiputaalta", ["haukipudas"]),
    ("fi", "Haukiputaallakin on perhekahvila", ["haukipudas"]),
    ("fi", "Asun Pyhäjoella", ["pyhajoki"]),
    ("fi", "Limingasta kysyn", ["liminka"]),
    ("fi", "Muutamme Liminkaan", ["liminka"]),
    ("fi", "Hailuodossa ei ole neuvolaa", ["hailuoto"]),
    ("fi", "Vihannissa asuva äiti", ["vihanti"]),
    ("fi", "Haapaveden perhekeskus", ["haapavesi"]),
    ("fi", "haapavedellä", ["haapavesi"]),
    ("fi", "Muhoksen kunta", ["muhos"]),
    ("fi", "olemme muhokselta", ["muhos"]),
    ("fi", "Oulaisista soittelen", ["oulainen"]),
    ("fi", "Oulaisissa", ["oulainen"]),
    ("fi", "Menemme Kalajoelle", ["kalajoki"]),
    ("fi", "Onko Kuusamossakin perhetyötä?", ["kuusamo"]),
    ("fi", "kuusamolainen perhe", ["kuusamo"]),
    ("fi", "olen oululainen", ["oulu"]),
    ("fi", "Ylivieskassa", ["ylivieska"]),
    ("fi", "ylivieskaan muuttava", ["ylivieska"]),
    ("fi", "Raahesta", ["raahe"]),
    ("fi", "raaheen", ["raahe"]),
    ("fi", "Pudasjärven kaupunki", ["pudasjarvi"]),
    ("fi", "Kempeleessä on ruuhkaa", ["kempele"]),
    ("fi", "Taivalkoskella", ["taivalkoski"]),
    ("fi", "Kärsämäellä", ["karsamaki"]),
    ("fi", "Tyrnävältä", ["tyrnava"]),
    ("fi", "Siikalatvalla, tarkemmin Pulkkilassa", ["pulkkila"]),
    ("fi", "Vaalassa asuu", ["vaala"]),
    ("fi", "asun sievissä", ["sievi"]),
    ("fi", "asun nivalassa", ["nivala"]),
    ("fi", "Asumme Yli-Iissä", ["yli-ii"]),
    ("fi", "asumme yli iissä", ["yli-ii"]),
    ("fi", "Ylikiimingistä", ["ylikiiminki"]),
    ("fi", "Kuivaniemelle", ["kuivaniemi"]),
    ("fi", "Ruukissa", ["ruukki"]),
    ("fi", "Himangalla", ["himanka"]),
    ("fi", "Oulunsaloon", ["oulunsalo"]),
    ("fi", "Rantsilassa tai Kestilässä", ["rantsila", "kestila"]),
    ("fi", "haapajarvi", ["haapajarvi"]),
    ("fi", "pyhajarvella", ["pyhajarvi"]),
    ("fi", "karsamaki", ["karsamaki"]),
    ("fi", "ASUN KUUSAMOSSA", ["kuusamo"]),
    ("fi", "asun kusamossa", ["kuusamo"]),
    ("fi", "Pudasjärevllä", ["pudasjarvi"]),
    ("fi", "Haukpiutaalla", ["haukipudas"]),
    ("fi", "Asun Oulussa.Lapsi on kipeä", ["oulu"]),
    ("fi", "Muutimme Oulusta Kuusamoon", ["oulu", "kuusamo"]),
    ("fi", "Asun Raahen Pattijoella", ["pattijoki"]),
    ("fi", "Pyhäsalmessa", ["pyhasalmi"]),
    ("fi", "Rukalla", ["ruka"]),
    # Oulu's districts, everyday words among them
    ("fi", "Oulun Tuirassa", ["tuira"]),
    ("fi", "Tuira, Oulu", ["tuira"]),
    ("fi", "Kaakkurissa", ["kaakkuri"]),
    ("fi", "Kontinkankaan neuvola", ["kontinkangas"]),
    ("fi", "Hiukkavaarassa ja Ritaharjussa", ["hiukkavaara", "ritaharju"]),
    ("fi", "Puolivälinkankaalta", ["puolivalinkangas"]),
    ("fi", "Metokankaalla", ["metsokangas"]),
    ("fi", "Rajakylän koulu", ["rajakyla"]),
    ("fi", "Jäälistä", ["jaali"]),
    ("fi", "Asumme Kellossa", ["kello"]),
    ("fi", "asun kellossa", ["kello"]),
    ("fi", "Kello, Oulu", ["kello"]),
    ("fi", "Haukiputaan Kellossa", ["haukipudas", "kello"]),
    ("fi", "Kello", ["kello"]),
    ("fi", "asun Herukassa", ["herukka"]),
    ("fi", "Oulun keskustassa", ["keskusta"]),
    ("fi", "Oulu, keskusta", ["keskusta"]),
    # postal codes
    ("fi", "90570 Oulu", ["90570"]),
    ("fi", "postinumero on 93600", ["93600"]),
    ("ar", "الرمز البريدي ٩٠٥٧٠", ["90570"]),
    ("fa", "کد پستی ۹۲۱۰۰", ["92100"]),
    # Swedish
    ("sv", "Vi bor i Uleåborg", ["oulu"]),
    ("sv", "Uleåborgs familjecenter", ["oulu"]),
    ("sv", "Jag bor i Brahestad", ["raahe"]),
    ("sv", "på Karlö finns ingen rådgivning", ["hailuoto"]),
    ("sv", "vi flyttar till Limingo", ["liminka"]),
    ("sv", "Familjen bor i Ijo", ["ii"]),
    ("sv", "uleaborg", ["oulu"]),
    # English
    ("en", "We live in Oulu", ["oulu"]),
    ("en", "I live in Ii with my kids", ["ii"]),
    ("en", "Oulu's family centre", ["oulu"]),
    ("en", "we are from kuusamo", ["kuusamo"]),
    ("en", "my home is in Kello", ["kello"]),
    ("en", "near Pyhajoki", ["pyhajoki"]),
    # Estonian
    ("et", "Elame Oulus", ["oulu"]),
    ("et", "Kolisime Oulusse", ["oulu"]),
    ("et", "Tulin Kuusamost", ["kuusamo"]),
    ("et", "Raahes", ["raahe"]),
    ("et", "Muhoses", ["muhos"]),
    # Turkish
    ("tr", "Oulu'da yaşıyoruz", ["oulu"]),
    ("tr", "ouluya taşındık", ["oulu"]),
    ("tr", "Kuusamo’dan yazıyorum", ["kuusamo"]),
    ("tr", "Kempelede oturuyorum", ["kempele"]),
    # Somali
    ("so", "Waxaan ku noolahay Oulu", ["oulu"]),
    ("so", "Waxaan ku noolahay Ii", ["ii"]),
    ("so", "Raahe ayaan deganahay", ["raahe"]),
    # Vietnamese
    ("vi", "Chúng tôi sống ở Oulu", ["oulu"]),
    ("vi", "tôi ở Ii", ["ii"]),
    # Russian, Ukrainian
    ("ru", "Мы живём в Оулу", ["oulu"]),
    ("ru", "переехали в Куусамо", ["kuusamo"]),
    ("ru", "живу в Нивале", ["nivala"]),
    ("ru", "из Алавиески", ["alavieska"]),
    ("ru", "Раахе", ["raahe"]),
    ("ru", "мы в Мухосе", ["muhos"]),
    ("ru", "Пудасярви", ["pudasjarvi"]),
    ("ru", "живём в Хаукипудасе", ["haukipudas"]),
    ("ru", "живу в Вала", ["vaala"]),
    ("uk", "Ми мешкаємо в Оулу", ["oulu"]),
    ("uk", "її школа в Кемпеле", ["kempele"]),
    ("uk", "живемо у Лімінці", ["liminka"]),
    ("uk", "переїхали в Алавієску", ["alavieska"]),
    # Arabic: attached prepositions, hamza and vowel signs, tatweel
    ("ar", "نعيش في أولو", ["oulu"]),
    ("ar", "نسكن بأولو", ["oulu"]),
    ("ar", "انتقلنا لأولو", ["oulu"]),
    ("ar", "أنا من اولو", ["oulu"]),
    ("ar", "نعيش في أُولُو", ["oulu"]),
    ("ar", "في أولـــو", ["oulu"]),
    ("ar", "مدينة كوسامو", ["kuusamo"]),
    ("ar", "أسكن في راهي", ["raahe"]),
    ("ar", "في كيمبيلي", ["kempele"]),
    ("ar", "نعيش في هاوكيبوداس", ["haukipudas"]),
    # Persian, Sorani
    ("fa", "ما در اولو زندگی می‌کنیم", ["oulu"]),
    ("fa", "در کمپله هستیم", ["kempele"]),
    ("fa", "از پوداس‌یاروی", ["pudasjarvi"]),
    ("ckb", "لە ئۆلو دەژین", ["oulu"]),
    ("ckb", "لە ئۆلودا دەژیم", ["oulu"]),
    ("ckb", "شاری کوسامۆ", ["kuusamo"]),
    # Chinese, simplified and traditional, no spaces
    ("zh", "我们住在奥卢", ["oulu"]),
    ("zh", "我們住在奧盧市", ["oulu"]),
    ("zh", "我在拉赫找不到幼儿园", ["raahe"]),
    ("zh", "库萨莫的家庭中心在哪里", ["kuusamo"]),
    ("zh", "我住在伊镇", ["ii"]),
]

NOT_PLACES = [
    ("fi", "kello on 8"),
    ("fi", "Kello 15 sopii"),
    ("fi", "mitä kello on?"),
    ("fi", "muutamme kello 8"),
    ("fi", "herukkamehua lapselle, herukkaa ei"),
    ("fi", "keskusta on kaukana"),
    ("fi", "asumme keskustassa"),
    ("fi", "äänestän keskustaa"),
    ("fi", "en halua raahata lasta mukaan, raahaan hänet"),
    ("fi", "vaalea tukka, vaalean lapsen"),
    ("fi", "vaalit ovat pian"),
    ("fi", "vihannes ei maistu, vihanneksia ei syö"),
    ("fi", "hän on vihannut minua"),
    ("fi", "pyhänä emme ole kotona, pyhästä asti"),
    ("fi", "lapsi katsoo kuutamoa"),
    ("fi", "EU:iin ja USA:iin"),
    ("fi", "II maailmansota, osa II"),
    ("fi", "Iida ja Iina itkevät, Iitan isä"),
    ("fi", "Oulun Energia lähetti laskun"),
    ("fi", "Kärpät eli Oulun Kärppien peli"),
    ("fi", "opiskelen Oulun yliopistossa"),
    ("fi", "Oulun Kärpissä pelaa"),
    ("fi", "nimeni on Matti Nivala"),
    ("fi", "opettajan nimi on Liisa Koskela"),
    ("fi", "anna@oulu.fi"),
    ("fi", "www.raahe.fi"),
    ("fi", "tyttö on sievin ja sieviä ovat muutkin"),
    ("fi", "pulkkamäki, oulunkylä, iisalmi"),
    ("fi", "ruokki lasta, ruukku hajosi"),
    ("fi", "040 90570 12"),
    ("fi", "velkaa 90100 euroa"),
    ("fi", "velkaa 90.100,50"),
    ("fi", "tili 90570 12345"),
    ("fi", "00100 Helsinki"),
    ("fi", "suloinen vauva ja salainen murhe"),
    ("en", "World War II"),
    ("en", "my friend Carlos lives far away"),
    ("en", "the kids watch the clock"),
    ("so", "ii caawi fadlan"),
    ("so", "Ii sheeg sida aan caawimo u helo"),
    ("so", "waxaan rabaa in la ii caawiyo"),
    ("uk", "її дитина плаче"),
    ("ru", "ИИ или человек?"),
    ("ru", "с вала упал ребёнок"),
    ("ar", "هذا أولوية بالنسبة لنا"),
    ("ar", "أولو العزم من الناس"),
    ("ar", "كراهية وخوف"),
    ("ar", "بنتي راهي في المدرسة"),
    ("fa", "والا نمی‌دانم"),
    ("zh", "拉赫曼尼诺夫的音乐"),
    ("zh", "瓦拉纳西"),
    ("vi", "con tôi khóc suốt đêm"),
    ("tr", "oturma izni istiyorum"),
    ("sv", "kärleken är svår"),
    ("et", "laps ei maga öösel"),
]


@pytest.fixture(scope="module")
def finder() -> PlaceFinder:
    return place_finder()


@pytest.mark.parametrize(("language", "message", "places"), FOUND)
def test_a_place_is_found(finder: PlaceFinder, language: str, message: str, places: list[str]) -> None:
    matches = finder.find(message, language)
    assert [match.place_id for match in matches] == places
    assert all(message[match.start : match.end] == match.text for match in matches)


@pytest.mark.parametrize(("language", "message", "places"), FOUND)
def test_a_place_is_found_without_knowing_the_language(
    finder: PlaceFinder, language: str, message: str, places: list[str]
) -> None:
    assert [match.place_id for match in finder.find(message)] == places


@pytest.mark.parametrize(("language", "message"), NOT_PLACES)
def test_other_words_are_no_place(finder: PlaceFinder, language: str, message: str) -> None:
    assert finder.find(message, language) == []


def test_every_name_of_the_register_is_found_in_every_script(finder: PlaceFinder) -> None:
    with (REGIONS / "municipalities.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            columns = [row["names_cyrillic"], row["names_arabic_script"], row["names_cjk"], row["names_greek"]]
            names = [name.split("،")[0] for column in columns for name in column.split("|") if name]
            for name in [row["name_fi"], row["name_sv"], *names]:
                found = finder.find(name)
                assert [match.municipality_code for match in found] == [row["code"]], name


def test_every_municipality_and_former_municipality_has_a_name_in_each_script() -> None:
    data = yaml.safe_load((REGIONS / "places.yml").read_text(encoding="utf-8"))
    finder = place_finder()
    named = [row for row in data["places"] if row["kind"] in ("municipality", "former")]
    assert len(named) == 43
    for row in named:
        for language in ("ru", "uk", "ar", "fa", "ckb", "zh"):
            for name in row["names_ours"][language]:
                assert [match.place_id for match in finder.find(name, language)] == [row["id"]], (language, name)


def test_every_place_is_found_by_its_own_name(finder: PlaceFinder) -> None:
    for place in finder.places.values():
        if place.kind == "postal_code":
            assert [match.place_id for match in finder.find(place.id)] == [place.id]
        elif place.id != "keskusta":
            assert [match.place_id for match in finder.find(place.name)] == [place.id]


def test_decomposed_letters_are_found_at_their_own_offsets(finder: PlaceFinder) -> None:
    message = "Asun Haapaja\u0308rvella\u0308 nyt"
    (match,) = finder.find(message)
    assert (match.place_id, match.text) == ("haapajarvi", "Haapaja\u0308rvella\u0308")
    assert message[match.start : match.end] == match.text


def test_a_short_answer_counts_as_a_district_of_the_municipality_already_known(finder: PlaceFinder) -> None:
    assert finder.find("keskusta") == []
    assert [match.place_id for match in finder.find("keskustassa", within="564")] == ["keskusta"]
    assert [match.place_id for match in finder.find("siis kellossa", within="564")] == ["kello"]
    assert finder.find("keskusta", within="305") == []
    assert finder.find("kello 8", within="564") == []


def test_words_of_people_do_not_stay_in_memory(finder: PlaceFinder) -> None:
    finder.find("lämmittely")
    before = len(finder._nlp.vocab.strings)
    finder.find("salaisuuteni Oulussa xyzzyplugh abrakadabra")
    assert len(finder._nlp.vocab.strings) == before
    assert "xyzzyplugh" not in finder._nlp.vocab.strings


def test_threads_may_share_one_finder(finder: PlaceFinder) -> None:
    wrong: list[str] = []

    def ask(word: str, place: str) -> None:
        for _ in range(100):
            if [match.place_id for match in finder.find(f"Asun {word}")] != [place]:
                wrong.append(word)

    pairs = [("Kuusamossa", "kuusamo"), ("Oulussa", "oulu"), ("Raahessa", "raahe"), ("Iissä", "ii")]
    threads = [threading.Thread(target=ask, args=pair) for pair in pairs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


@pytest.mark.parametrize("message", ["", " ", "\n\n", "。", "…", "@", "\u200f", "😀", "-" * 50, "ء" * 50, "奥" * 50])
def test_odd_messages_are_answered_calmly(finder: PlaceFinder, message: str) -> None:
    assert finder.find(message) == []
