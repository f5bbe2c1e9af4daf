"""The inbox: the requests of the worker's own family centres."""

from __future__ import annotations

import re
from collections.abc import Container, Mapping
from dataclasses import asdict
from urllib.parse import urlencode

from aiohttp import web

from bot.i18n import _
from bot.requests import desk
from bot.requests.labels import labels
from bot.requests.summary import language_name, need_label, place_label, waiting_text
from bot.routing import needs
from bot.staff.rights import Right, Worker
from bot.staff.sessions import StaffSession
from bot.web.staff.requests import DONE
from bot.web.staff.shell import DESK, LANGUAGE, PAGE, Route, centre_choices, form_of, number, staff_page

MARKS = {
    "late": _("Late"),
    "soon": _("Half of the time has passed"),
    "today": _("Answer due today"),
    "follow_up": _("To come back to now"),
    "wrote": _("The family wrote more"),
}
SORTS = {"urgency": _("The most urgent first"), "due": _("What is due first"), "new": _("The newest first")}
WORDS_MAX = 100
ID_ONLY = re.compile(r"[0-9a-f-]{36}")


async def show_inbox(request: web.Request, session: StaffSession) -> web.StreamResponse:
    """The requests of the worker's own family centres; other roles are sent to what is theirs."""
    worker = session.worker
    for right, path in ((Right.LOG, "/staff/log"), (Right.ACCOUNTS, "/staff/accounts")):
        if worker.may(right) and not worker.may(Right.REQUESTS):
            raise web.HTTPSeeOther(path)
    desk_, query = request.app[DESK], request.query
    places, languages = await desk_.choices(worker)
    chosen = _filters(query, worker, places, languages)
    page = number(query.get("page", ""), low=1) or 1
    rows = await desk_.inbox(worker, chosen, limit=PAGE + 1, offset=(page - 1) * PAGE, language=LANGUAGE)
    kept = _kept(chosen)
    return staff_page(
        request,
        session,
        "staff/inbox.html",
        rows=rows[:PAGE],
        counts=await desk_.counts(worker),
        tallies=await desk_.tallies(worker),
        statuses=desk.STATUSES,
        urgencies=desk.URGENCIES,
        needs=sorted(((id, need_label(id, LANGUAGE)) for id in (*needs.needs(), needs.OPEN)), key=lambda row: row[1]),
        centres=centre_choices(worker.centres),
        places=sorted(((each, place_label(each)) for each in places), key=lambda row: row[1]),
        languages=sorted(((each, language_name(each, LANGUAGE)) for each in languages), key=lambda row: row[1]),
        labels=labels(LANGUAGE),
        marks=MARKS,
        sorts=SORTS,
        chosen=chosen,
        narrowed=bool(kept.keys() - {"status", "sort"}),
        waiting=lambda age: waiting_text(age, LANGUAGE),
        done=DONE.get(query.get("done", "")),
        undo=query.get("undo", "") if ID_ONLY.fullmatch(query.get("undo", "")) else "",
        newer=_inbox_path({**kept, "page": page - 1}) if page > 1 else None,
        older=_inbox_path({**kept, "page": page + 1}) if len(rows) > PAGE else None,
    )


async def search(request: web.Request, session: StaffSession) -> web.StreamResponse:
    """Looks for words in what families wrote. A form that is posted, so that the words stand in no address."""
    worker, form = session.worker, await form_of(request)
    worker.demand(Right.REQUESTS)
    words = form.get("words", "")[:WORDS_MAX].strip()
    rows = await request.app[DESK].inbox(worker, desk.Filters(words=words), language=LANGUAGE) if words else []
    return staff_page(
        request,
        session,
        "staff/search.html",
        words=words,
        rows=rows,
        statuses=desk.STATUSES,
        urgencies=desk.URGENCIES,
        labels=labels(LANGUAGE),
        waiting=lambda age: waiting_text(age, LANGUAGE),
        centres=centre_choices(worker.centres),
    )


def _filters(query: Mapping[str, str], worker: Worker, places: list[str], languages: list[str]) -> desk.Filters:
    """What the address asks for; what it may not or cannot ask for narrows nothing."""

    def one_of(name: str, known: Container[str]) -> str | None:
        return value if (value := query.get(name, "")) and value in known else None

    urgency = number(query.get("urgency", ""), low=1)
    return desk.Filters(
        status=one_of("status", desk.STATUSES),
        need=one_of("need", (*needs.needs(), needs.OPEN)),
        centre=one_of("centre", worker.centres),
        mine=query.get("mine") == "1",
        free=query.get("free") == "1",
        urgency=urgency if urgency in desk.URGENCIES else None,
        place=one_of("place", places),
        spoken=one_of("spoken", languages),
        label=one_of("label", labels()),
        due=one_of("due", MARKS),
        sort=one_of("sort", SORTS) or "urgency",
    )


def _kept(chosen: desk.Filters) -> dict[str, object]:
    values = {name: value for name, value in asdict(chosen).items() if value and (name, value) != ("sort", "urgency")}
    return {name: "1" if value is True else value for name, value in values.items()}


def _inbox_path(query: Mapping[str, object]) -> str:
    return "/staff?" + urlencode(query)


ROUTES = (
    Route("GET", "/staff", show_inbox, "staff_inbox"),
    Route("POST", "/staff/search", search, "staff_search"),
)
