"""The main job over HTTP: from a message to the right family centre's inbox, on real Rasa and a real database."""

from __future__ import annotations

import re
import uuid
from typing import Any

import aiohttp
import pytest
from conftest import Stack

OPENINGS = {
    "fi": "lapseni ei suostu menemään kouluun, en jaksa enää",
    "en": "my child refuses to go to school, I can't take it any more",
    "sv": "mitt barn vägrar gå till skolan, jag orkar inte mer",
    "ar": "طفلي يرفض الذهاب إلى المدرسة ولم أعد أحتمل",
    "ru": "мой ребёнок отказывается ходить в школу, я больше не могу",
    "uk": "моя дитина відмовляється ходити до школи, я більше не можу",
    "et": "mu laps keeldub kooli minemast, ma ei jaksa enam",
    "fa": "بچه‌ام حاضر نیست به مدرسه برود، دیگر نمی‌توانم",
    "so": "ilmahaygu wuu diiday inuu dugsiga aado, ma sii adkaysan karo",
    "ckb": "منداڵەکەم ناچێتە قوتابخانە، ئیتر توانام نەماوە",
    "tr": "çocuğum okula gitmeyi reddediyor, artık dayanamıyorum",
    "vi": "con tôi không chịu đi học",
    "zh": "孩子不肯去上学",
}
PLACES = {
    "fi": "Kuusamossa",
    "en": "we live in Kuusamo",
    "sv": "vi bor i Kuusamo",
    "ar": "كوسامو",
    "ru": "мы живём в Куусамо",
    **dict.fromkeys(("uk", "et", "fa", "so", "ckb", "tr", "vi", "zh"), "Kuusamo"),
}


async def ask_for_contact(family: Any, language: str) -> dict[str, Any]:
    """Goes from the opening message to the receipt; returns the receipt message."""
    answer = await family.say(OPENINGS[language])
    assert any(m["kind"] == "services" and len(m["services"]) >= 2 for m in answer), family.said
    await family.tap("/request_contact")
    await family.tap("/affirm")
    await family.say(PLACES[language])
    await family.tap('/inform{"skip": "child_ages"}')
    await family.say("040 123 4567")
    await family.tap('/inform{"skip": "safe"}')
    if language != "fi":
        await family.tap("/affirm")
    await family.tap('/inform{"skip": "name"}')
    assert "+358401234567" in family.said, "the summary shows the number to check"
    await family.tap("/affirm")
    receipts = [m for m in family.last if m["kind"] == "request"]
    assert receipts, family.said
    return receipts[0]


@pytest.mark.parametrize("language", ["fi", "en", "sv", "ar"])
async def test_the_kuusamo_parent_reaches_kuusamo(families: Any, stack: Stack, language: str) -> None:
    family = await families(language)
    receipt = await ask_for_contact(family, language)
    pin = re.search(r"\b\d{6}\b", receipt["text"])
    assert pin
    assert re.fullmatch(r"PA-[2-9A-Z]{4}-[2-9A-Z]{4}", receipt["reference"])
    async with family.session.get(
        f"{stack.url}/api/v1/contact-requests/{receipt['reference']}", headers={"X-Pin": pin[0]}
    ) as answer:
        status = await answer.json()
    assert status["status"] == "new"
    assert status["family_centre"]["code"] == "kuusamo"


async def test_a_known_place_and_age_are_not_asked_again(families: Any) -> None:
    family = await families("fi")
    await family.say("Asumme Pudasjärvellä ja 8-vuotias poikani ei suostu menemään kouluun")
    assert "Pudasjärvi" in family.said
    await family.tap("/request_contact")
    await family.tap("/affirm")
    assert "puhelinnumero" in family.said, "after consent comes the contact at once"


async def test_a_question_in_the_middle_is_answered_and_the_form_goes_on(families: Any) -> None:
    family = await families("fi")
    await family.say("tarvitsen apua kotiin, olen ihan uupunut vauvan kanssa")
    await family.tap("/request_contact")
    await family.tap("/affirm")
    await family.say("mitä tämä maksaa?")
    assert "maksuton" in family.said
    assert "kunnassa" in family.said, "the question of the place stands again"


async def test_an_answer_can_be_corrected_before_sending(families: Any) -> None:
    family = await families("fi")
    await family.say("lapseni ei suostu menemään kouluun")
    await family.tap("/request_contact")
    await family.tap("/affirm")
    await family.say("Raahessa")
    await family.tap('/inform{"skip": "child_ages"}')
    await family.tap('/inform{"skip": "contact"}')
    await family.tap('/inform{"skip": "name"}')
    assert "Raahe" in family.said
    await family.tap('/inform{"change": "place"}')
    await family.say("asummekin Iissä")
    assert "Ii" in family.said
    assert "Raahe" not in family.said


async def test_stopping_sends_nothing(families: Any) -> None:
    family = await families("fi")
    await family.say("lapseni ei suostu menemään kouluun")
    await family.tap("/request_contact")
    await family.tap("/affirm")
    await family.tap("/withdraw_request")
    assert "ei lähetetty" in family.said


async def test_oulu_alone_asks_for_the_part_of_the_city(families: Any) -> None:
    family = await families("fi")
    await family.say("mikä on minun perhekeskukseni?")
    await family.say("Oulussa")
    assert "Missä päin Oulua" in family.said
    await family.say("Haukiputaalla")
    assert "Haukipudas" in family.said


async def test_status_and_withdrawal_need_reference_and_pin(families: Any) -> None:
    family = await families("fi")
    receipt = await ask_for_contact(family, "fi")
    pin = re.search(r"\b\d{6}\b", receipt["text"])
    assert pin
    await family.tap('/ask_status{"choice": "share"')
    assert "Työntekijät voivat nyt lukea" in family.said
    await family.tap('/ask_status{"choice": "unshare"')
    assert "eivät näe tätä keskustelua" in family.said
    await family.say("mitä pyynnölleni kuuluu?")
    wrong = "000000" if pin[0] != "000000" else "111111"
    await family.say(f"{receipt['reference']} {wrong}")
    assert "eivät kuulu yhteen" in family.said
    await family.say(f"{receipt['reference']} {pin[0]}")
    assert "saapunut" in family.said
    await family.say("haluan perua yhteydenottopyyntöni")
    await family.say(f"{receipt['reference']} {pin[0]}")
    await family.tap("/withdraw_request")
    assert "poistettu" in family.said


async def test_withdrawing_elsewhere_erases_the_chat_it_was_told_in(families: Any, stack: Stack) -> None:
    family = await families("fi")
    receipt = await ask_for_contact(family, "fi")
    pin = re.search(r"\b\d{6}\b", receipt["text"])
    assert pin
    where = f"{stack.url}/api/v1/contact-requests/{receipt['reference']}"
    async with family.session.delete(where, headers={"X-Pin": pin[0]}) as answer:
        assert answer.status < 300
    status, _problem = await family.post(id=str(uuid.uuid4()), text="hei")
    assert status == 404


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("fi", "mies hakkaa minua juuri nyt"),
        ("en", "I want to die"),
        ("sv", "jag vill inte leva längre"),
        ("ar", "أريد أن أموت"),
    ],
)
async def test_danger_gets_the_number_first(families: Any, language: str, text: str) -> None:
    family = await families(language)
    answer = await family.say(text)
    assert answer[0]["kind"] == "safety"
    assert "112" in [line["number"] for line in answer[0]["helplines"]]
    assert sum(m["kind"] == "safety" for m in answer) == 1, "one card, not two"


async def test_violence_beside_drinking_is_answered_as_violence(families: Any) -> None:
    family = await families("en")
    answer = await family.say("my husband hits me when he drinks")
    assert answer[0]["category"] == "violence"
    assert [m["need"] for m in answer if m["kind"] == "services"] == ["need_violence"]


async def test_a_message_in_another_language_switches_and_says_so(families: Any) -> None:
    family = await families("fi")
    await family.say("ابني عمره سبع سنوات ويرفض الذهاب إلى المدرسة كل صباح")
    assert family.language == "ar"
    assert "Suomi" in str(family.last), "one tap back"


async def test_the_same_message_id_is_answered_once(families: Any) -> None:
    family = await families("fi")
    body = {"id": str(uuid.uuid4()), "text": "vauva ei nuku öisin"}
    first = await family.post(**body)
    again = await family.post(**body)
    assert first == again
    status, problem = await family.post(id=body["id"], text="jotain muuta")
    assert status == 409
    assert problem["type"].endswith("reused")


async def test_the_engine_never_sees_number_or_pin(families: Any, stack: Stack) -> None:
    import sqlite3

    family = await families("fi")
    receipt = await ask_for_contact(family, "fi")
    pin = re.search(r"\b\d{6}\b", receipt["text"])
    assert pin
    from bot.storage.crypto import load_box

    box = load_box("", stack.folder / "key")
    with sqlite3.connect(stack.folder / "bot.sqlite3") as database:
        (sealed,) = database.execute("SELECT sealed_tracker FROM conversation WHERE id = ?", (family.id,)).fetchone()
        plain = str(box.open(sealed))
    assert "1234567" not in plain.replace(" ", "")
    assert pin[0] not in plain
    assert b"1234567" not in (stack.folder / "bot.sqlite3").read_bytes()


async def test_erasing_leaves_nothing(families: Any, stack: Stack) -> None:
    import sqlite3

    family = await families("fi")
    await family.say("vauva ei nuku öisin")
    async with family.session.delete(f"{stack.url}/api/v1/conversations/{family.id}", headers=family.headers) as answer:
        assert answer.status == 204
    status, _problem = await family.post(id=str(uuid.uuid4()), text="hei")
    assert status == 404
    with sqlite3.connect(stack.folder / "bot.sqlite3") as database:
        for table, column in (("conversation", "id"), ("message", "conversation_id")):
            query = f"SELECT count(*) FROM {table} WHERE {column} = ?"  # noqa: S608
            assert database.execute(query, (family.id,)).fetchone() == (0,)


async def test_bad_input_is_refused_clearly(families: Any, stack: Stack) -> None:
    family = await families("fi")
    url = f"{stack.url}/api/v1/conversations/{family.id}/messages"
    good = {"id": str(uuid.uuid4()), "text": "hei"}
    cases: list[tuple[dict[str, Any], int]] = [
        ({"json": {**good, "text": ""}}, 422),
        ({"json": {**good, "text": "   "}}, 422),
        ({"json": {**good, "text": "a" * 1001}}, 422),
        ({"json": {"id": "x", "text": "hei"}}, 422),
        ({"json": [1]}, 400),
        ({"data": b"{"}, 400),
        ({"data": b'{"id": "12345678", "text": "\xff\xfe"}'}, 400),
        ({"data": b'{"id": "12345678", "text": "\\ud800"}'}, 400),
        ({"json": {**good, "payload": "/nonsense; drop"}}, 422),
        ({"data": b"[" * 60000}, 400),
        ({"data": b"x" * 70000}, 413),
    ]
    for arguments, wanted in cases:
        async with family.session.post(url, headers=family.headers, **arguments) as answer:
            body = await answer.json(content_type="application/problem+json")
            assert answer.status == wanted, (arguments, body)
            assert "Traceback" not in str(body)
            assert body["detail"]
    async with family.session.post(url, json=good, headers={"Authorization": "Bearer wrong"}) as answer:
        assert answer.status == 404
    async with family.session.post(url, json=good) as answer:
        assert answer.status == 401
    unknown = url.replace(family.id, str(uuid.uuid4()))
    async with family.session.post(unknown, json=good, headers=family.headers) as answer:
        assert answer.status == 404


async def test_the_form_without_the_chat(stack: Stack) -> None:
    body = {
        "language": "fi",
        "story": "Vauva ei nuku.",
        "place": "Haukiputaalla",
        "contact": "040 765 4321",
        "consent": True,
    }
    headers = {"Idempotency-Key": str(uuid.uuid4())}
    url = f"{stack.url}/api/v1/contact-requests"
    async with aiohttp.ClientSession() as session:
        async with session.post(url, json=body, headers=headers) as answer:
            assert answer.status == 201
            receipt = await answer.json()
        async with session.post(url, json=body, headers=headers) as answer:
            assert await answer.json() == receipt, "a retry gets the same receipt"
        async with session.post(url, json={**body, "story": "Muuta."}, headers=headers) as answer:
            assert answer.status == 409
        async with session.post(
            url, json={**body, "place": "Lappi"}, headers={"Idempotency-Key": "another-key"}
        ) as answer:
            assert answer.status == 422
            assert (await answer.json())["errors"][0]["field"] == "place"
        assert receipt["family_centre"]["code"] == "oulu-haukipudas"
        where = f"{url}/{receipt['reference']}"
        for _attempt in range(5):
            async with session.get(where, headers={"X-Pin": "not it"}) as answer:
                assert answer.status == 404
        async with session.get(where, headers={"X-Pin": receipt["pin"]}) as answer:
            assert answer.status == 429, "after five wrong PINs even the right one has to wait"
            assert int(answer.headers["Retry-After"]) > 0
