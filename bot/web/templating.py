"""Pages: Jinja2 templates in a person's language.

Every sentence goes through gettext (`{{ _("…", name=…) }}`), everything else is escaped. Templates get `language`,
`dir`, `nonce`, the addresses of static files (`asset`, `scripts`) and their text (`inline`), and the filters `moment`
and `day` (Finnish time).
"""

from __future__ import annotations

from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from bot import i18n
from bot.web import assets
from bot.web.keys import NONCE

TEMPLATES = Path(__file__).resolve().parent / "templates"


@cache
def environment(language: str) -> Environment:
    """The templates with `_` bound to a language of the register."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    made.install_gettext_translations(i18n.translations(language), newstyle=True)  # type: ignore[attr-defined]
    made.globals.update(language=language, dir=i18n.languages()[language].dir)
    made.globals.update(asset=assets.address, scripts=assets.scripts, inline=assets.inline)
    made.filters["moment"] = lambda value: i18n.moment(value, language)
    made.filters["day"] = lambda value: i18n.day(_local(value).date(), language)
    return made


def render(request: web.Request, template: str, *, language: str, status: int = 200, **context: Any) -> web.Response:
    """A page in `language`. `request[NONCE]` is the Content-Security-Policy's nonce."""
    page = environment(language).get_template(template)
    text = page.render(nonce=request.get(NONCE, ""), **context)
    return web.Response(text=text, status=status, content_type="text/html", charset="utf-8")


def _local(value: datetime) -> datetime:
    return value.astimezone(i18n.HELSINKI)
