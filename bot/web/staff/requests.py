"""One request: its page, and the forms that act on it. Who may do what is decided in bot.requests.desk."""

from __future__ import annotations

from collections.abc import Mapping

from aiohttp import web

from bot.i18n import _
from bot.requests import desk
from bot.requests.desk import Desk
from bot.requests.summary import QUIET, centre_label, waiting_text
from bot.routing.places import regions
from bot.staff.sessions import StaffSession
from bot.web.staff.shell import DESK, ID, LANGUAGE, Form, Route, centre_choices, error_page, form_of, staff_page

DONE = {
    "claim": _("You took the request."),
    "release": _("The request is free for others again."),
    "note": _("The note was saved."),
    "contacted": _("The contact was recorded."),
    "answer": _("The answer was saved. The family can read it now."),
    "close": _("The request is closed."),
    "reopen": _("The request is open again, and you have it."),
    "transfer": _("The request was passed on."),
}
EVENTS = {
    "new": _("The request arrived"),
    "claimed": _("Taken"),
    "released": _("Given back"),
    "note": _("Note"),
    "contacted": _("Contacted"),
    "tried": _("Tried to reach"),
    "closed": _("Closed"),
    "reopened": _("Opened again"),
    "transferred": _("Passed on"),
    "added": _("The family wrote more"),
    "withdrawn": _("The family withdrew the request"),
}
REFUSALS = {
    "claim": _("This request cannot be taken now."),
    "release": _("This request is nobody's, so it cannot be given back."),
    "note": _("No note can be added to a withdrawn request."),
    "contacted": _("Take the request first. Then record the contact."),
    "answer": _("Take the request first. Then write the answer."),
    "close": _("The request cannot be closed like this yet. Take it and record the contact first."),
    "reopen": _("Only a closed request can be opened again."),
    "transfer": _("A closed request cannot be passed on. Open it again first."),
}


async def show_request(request: web.Request, session: StaffSession) -> web.StreamResponse:
    """One request; the look is written into the access log."""
    reason = request.query.get("reason", "").replace("\0", "").strip() or desk.HANDLING
    try:
        after = done if (done := request.query.get("done", "")) in DONE else None
        return await _request_page(request, session, reason=reason, after=after)
    except desk.BadInput as error:
        return error_page(request, session, 400, error.message)


async def act(request: web.Request, session: StaffSession) -> web.StreamResponse:
    """Does what the form asks for; a conflict or a missing field shows the request again with what was typed."""
    form = await form_of(request)
    action, id = request.path.rsplit("/", 1)[1], request.match_info["id"]
    try:
        await _do(request.app[DESK], action, session, id, form)
    except desk.Taken as error:
        problem, values, status = _("%(name)s has taken this request."), {"name": error.by}, 409
    except desk.WrongTransition as error:
        problem, values, status = REFUSALS[error.action], {}, 409
    except desk.BadInput as error:
        problem, values, status = error.message, {}, 400
    else:
        if action == "transfer":
            raise web.HTTPSeeOther("/staff?done=transfer")
        raise web.HTTPSeeOther(f"/staff/requests/{id}?done={action}")
    return await _request_page(
        request, session, status=status, problem=problem, values=values, typed={**form, "action": action}
    )


async def _do(desk_: Desk, action: str, session: StaffSession, id: str, form: Form) -> None:
    worker = session.worker
    match action:
        case "claim":
            await desk_.claim(worker, id)
        case "release":
            await desk_.release(worker, id, form.get("reason", ""))
        case "note":
            await desk_.note(worker, id, form.get("text", ""))
        case "contacted":
            await desk_.contacted(worker, id, form.get("how", ""), form.get("text", ""))
        case "answer":
            await desk_.answer(worker, id, form.get("text", ""))
        case "close":
            await desk_.close(worker, id, form.get("outcome", ""))
        case "reopen":
            await desk_.reopen(worker, id)
        case "transfer":
            await desk_.transfer(worker, id, form.get("centre", ""), form.get("reason", ""))


async def _request_page(
    request: web.Request,
    session: StaffSession,
    *,
    status: int = 200,
    reason: str = desk.HANDLING,
    problem: str | None = None,
    values: Mapping[str, object] | None = None,
    typed: Form | None = None,
    after: str | None = None,
) -> web.StreamResponse:
    view = await request.app[DESK].open(session.worker, request.match_info["id"], reason, LANGUAGE, after=after)
    return staff_page(
        request,
        session,
        "staff/request.html",
        status=status,
        view=view,
        row=view.row,
        statuses=desk.STATUSES,
        urgencies=desk.URGENCIES,
        events=EVENTS,
        ways=desk.WAYS,
        outcomes=desk.OUTCOMES,
        quiet=QUIET,
        centre_label=centre_label,
        centres=centre_choices({each.code for each in regions().centres()} - {view.row.centre}),
        waiting=lambda age: waiting_text(age, LANGUAGE),
        problem=problem,
        values=values or {},
        typed=typed or {},
        done=DONE.get(after or ""),
    )


ROUTES = (
    Route("GET", f"/staff/requests/{ID}", show_request, "staff_request"),
    *(Route("POST", f"/staff/requests/{ID}/{action}", act, f"staff_{action}") for action in DONE),
)
