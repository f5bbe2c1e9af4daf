"""Sentences that are said to a child or young person in other words: the familiar form where a language has one.

Each stands in the catalogues with the context "young". Where a language knows one form only, it repeats the ordinary
sentence. `bot.i18n.translate_young` chooses; this list is what Babel extracts and what a test holds to the code.
"""

from __future__ import annotations

from bot.i18n import pgettext

YOUNG = (
    pgettext("young", "It was good that you told me. You are not alone with this."),
    pgettext("young", "These can help you:"),
    pgettext("young", "Shall I ask them to contact you? You tell your story only once."),
    pgettext(
        "young",
        "Shall I ask your family centre to contact you? You tell your story only once. "
        "Tell me your municipality, and I say which centre is yours.",
    ),
    pgettext(
        "young",
        "I can send a request, and the family centre contacts you. Only workers who handle your request read "
        "what you write. You need not give your name. Is it all right that I write down your answers and "
        "send them?",
    ),
    pgettext("young", "What would you like to talk about? A few words are enough."),
    pgettext("young", "In which municipality or part of Oulu do you live? You can also write your postal code."),
    pgettext("young", "How old are you?"),
    pgettext("young", "How can the worker reach you? Write a phone number or an e-mail address."),
    pgettext("young", "When and how is it safe to contact you? For example only by e-mail, or only in the daytime."),
    pgettext("young", "What is your name? A first name is enough. You can also stay anonymous."),
    pgettext("young", "You get an answer by %(day)s at the latest. Keep the reference and the PIN."),
    pgettext("young", "You can also talk with an adult here. You do not have to say your name."),
    pgettext("young", "Your family centre: %(place)s."),
    pgettext("young", "Oulu has several family centres. Which part of Oulu do you live in?"),
)
