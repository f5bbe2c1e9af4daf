"""The inbox: the requests of the worker's own family centres."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

from aiohttp import web

from bot.requests import desk
from bot.requests.summary import need_label, waiting_text
from bot.routing import needs
from bot.staff.rights import Right
from bot.staff.sessions import StaffSession
from bot.web.staff.requests import DONE
from bot.web.staff.shell import DESK, LANGUAGE, PAGE, Route, centre_choices, number, staff_page


async def show_inbox(request: web.Request, session: StaffSession) -> web.StreamResponse:
    """The requests of the worker's own family centres; other roles are sent to what is theirs."""
    worker = session.worker
    for right, path in ((Right.LOG, "/staff/log"), (Right.ACCOUNTS, "/staff/accounts")):
        if worker.may(right) and not worker.may(Right.REQUESTS):
            raise web.HTTPSeeOther(path)
    query = request.query
    status = query.get("status") if query.get("status") in desk.STATUSES else None
    need = query.get("need") if query.get("need") in (*needs.needs(), needs.OPEN) else None
    centre = query.get("centre") if query.get("centre") in worker.centres else None
    mine = query.get("mine") == "1"
    page = number(query.get("page", ""), low=1) or 1
    rows = await request.app[DESK].inbox(
        worker,
        status=status,
        need=need,
        centre=centre,
        mine=mine,
        limit=PAGE + 1,
        offset=(page - 1) * PAGE,
        language=LANGUAGE,
    )
    chosen = {"status": status, "need": need, "centre": centre, "mine": "1" if mine else None}
    kept = {name: value for name, value in chosen.items() if value}
    return staff_page(
        request,
        session,
        "staff/inbox.html",
        rows=rows[:PAGE],
        counts=await request.app[DESK].counts(worker),
        statuses=desk.STATUSES,
        urgencies=desk.URGENCIES,
        needs=sorted(((id, need_label(id, LANGUAGE)) for id in (*needs.needs(), needs.OPEN)), key=lambda row: row[1]),
        centres=centre_choices(worker.centres),
        chosen=chosen,
        waiting=lambda age: waiting_text(age, LANGUAGE),
        done=DONE.get(query.get("done", "")),
        newer=_inbox_path({**kept, "page": page - 1}) if page > 1 else None,
        older=_inbox_path({**kept, "page": page + 1}) if len(rows) > PAGE else None,
    )


def _inbox_path(query: Mapping[str, object]) -> str:
    return "/staff?" + urlencode(query)


ROUTES = (Route("GET", "/staff", show_inbox, "staff_inbox"),)
