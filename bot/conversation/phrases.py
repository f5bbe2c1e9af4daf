"""What the bot says by itself, without the engine: the greeting, notices, and the answer when the engine is away."""

from __future__ import annotations

import json

from bot.conversation.messages import Message, bot, button
from bot.i18n import _, languages, locale_of, translate
from bot.safety.helplines import as_message, helplines_for


def greeting(language: str, place: str | None = None) -> list[Message]:
    """The first words: a machine speaks, 112 in an emergency, no identity code, how to reach a person.

    On the site of a municipality (`place`: its name) one tap says that the family lives there; nothing is assumed.
    """
    say = _speaker(language)
    centre = button(say(_("Which family centre is mine?")), "/ask_family_centre")
    if place is not None:
        payload = f"/ask_family_centre{json.dumps({'place': place}, ensure_ascii=False)}"
        centre = button(say(_("We live here: %(place)s"), place=place), payload)
    return [
        bot(say(_("Hello! I am a chatbot, not a person. I help families find help.")), language),
        bot(
            say(
                _(
                    "In an emergency call 112. Do not write personal identity codes here. "
                    "If you want to talk with a person, tell me at any time."
                )
            ),
            language,
            kind="notice",
        ),
        bot(
            say(_("What is going on in your family? Write in your own words, in your own language.")),
            language,
            buttons=[
                button(say(_("Ask for contact")), "/request_contact"),
                centre,
                button(say(_("What can you do?")), "/ask_capabilities"),
            ],
        ),
    ]


def engine_away(language: str) -> list[Message]:
    """What still works while the engine is down: helplines, the form without the chat, the phone."""
    say = _speaker(language)
    return [
        bot(
            say(
                _(
                    "I cannot answer properly right now. Your message is saved. You can still get help: call one of "
                    "these numbers, or send a contact request with the form on this page. Try me again in a moment."
                )
            ),
            language,
            kind="safety",
            helplines=[as_message(line, language) for line in helplines_for("danger", language)],
            category="away",
            link="/request",
        )
    ]


def language_switched(old: str, new: str) -> list[Message]:
    """Says in both languages that the answers come in another language now; one tap back."""
    name = languages()
    texts = [translate(_("I now answer in this language: %(name)s."), code, name=name[new].name) for code in (new, old)]
    back = translate(_("Back to %(name)s"), old, name=name[old].name)
    return [
        bot(
            "\n".join(dict.fromkeys(texts)),
            new,
            kind="notice",
            buttons=[button(back, f'/change_language{{"language": "{old}"}}')],
        )
    ]


def language_not_spoken(language: str, found: str) -> list[Message]:
    """A language that we understand and do not speak: the answers stay, the worker can have an interpreter."""
    say = _speaker(language)
    name = locale_of(language).languages.get(found, found)
    return [
        bot(
            say(
                _(
                    "You write in this language: %(name)s. You can go on writing in it. I answer in this language: "
                    "%(mine)s. The worker can have an interpreter."
                ),
                name=name,
                mine=languages()[language].name,
            ),
            language,
            kind="notice",
            buttons=[button(say(_("Choose another language")), "/change_language")],
        )
    ]


def once_more(language: str) -> str:
    """Instead of the same sentence for the third time running."""
    return translate(
        _("I have said this twice. Let us try another way. You can use other words, or a person can help you."),
        language,
    )


def ways_to_people(language: str) -> list[dict[str, str]]:
    """The contact request, and the numbers that people answer."""
    say = _speaker(language)
    return [
        button(say(_("Ask for contact")), "/request_contact"),
        button(say(_("How to reach a person")), "/request_human"),
    ]


def not_understood(language: str) -> list[Message]:
    """The last resort where the engine gave no words at all: never an empty answer."""
    say = _speaker(language)
    return [
        bot(
            say(_("I did not understand. Can you say it in another way? You can also ask for contact.")),
            language,
            buttons=[
                button(say(_("Ask for contact")), "/request_contact"),
                button(say(_("How to reach a person")), "/request_human"),
            ],
        )
    ]


class _speaker:
    def __init__(self, language: str) -> None:
        self._language = language

    def __call__(self, msgid: str, **values: object) -> str:
        return translate(msgid, self._language, **values)
