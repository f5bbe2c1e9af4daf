"""One request: its page, and the forms that act on it. Who may do what is decided in bot.requests.desk."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from aiohttp import web

from bot import clock
from bot.i18n import _, languages, translate
from bot.requests import desk
from bot.requests.canned import CANNED
from bot.requests.desk import Desk
from bot.requests.labels import labels
from bot.requests.summary import QUIET, centre_label, team_label, waiting_text
from bot.requests.workdays import local_day
from bot.routing import needs
from bot.routing.places import regions
from bot.staff.sessions import StaffSession
from bot.web.keys import SETTINGS
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
    "assign": _("The request has a new worker."),
    "own_worker": _("The own worker was saved. The family can read the name."),
    "label": _("The labels were saved."),
    "follow_up": _("The day was saved."),
    "merge": _("The two requests were joined."),
    "undo": _("The last act was taken back."),
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
    "assigned": _("Given to a colleague"),
    "own_worker": _("Own worker"),
    "labelled": _("Labels"),
    "follow_up": _("Day to come back"),
    "merged": _("Joined with another request"),
    "joined": _("Another request was joined with this one"),
    "undone": _("Taken back"),
    "shared": _("The family let the workers read the conversation"),
    "unshared": _("The family no longer lets the workers read the conversation"),
    "read": _("The family read the answer"),
    "warned": _("Half of the time had passed without an answer"),
    "late": _("The answer is late; the coordinators were told"),
    "reminded": _("It was time to come back to the request"),
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
    "assign": _("A closed request cannot be given to anybody. Open it again first."),
    "own_worker": _("A closed request gets no own worker. Open it again first."),
    "label": _("A withdrawn request gets no labels."),
    "follow_up": _("A closed request has no day to come back. Open it again first."),
    "merge": _("Only open requests can be joined."),
    "undo": _("There is nothing to take back any more: too much time has passed, or something has happened since."),
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
        if action == "transfer" and form.get("centre") not in session.worker.centres:
            raise web.HTTPSeeOther(f"/staff?done=transfer&undo={id}")
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
            again = _day("next_try", form.get("next_try", ""))
            await desk_.contacted(worker, id, form.get("how", ""), form.get("text", ""), again)
        case "answer":
            text, canned = form.get("text", ""), form.get("canned", "")
            await desk_.answer(worker, id, text, canned, form.get("language", "fi"))
        case "close":
            await desk_.close(worker, id, form.get("outcome", ""))
        case "reopen":
            await desk_.reopen(worker, id)
        case "transfer":
            await desk_.transfer(worker, id, form.get("centre", ""), form.get("reason", ""), form.get("team", ""))
        case "assign":
            await desk_.assign(worker, id, form.get("to", ""), form.get("reason", ""))
        case "own_worker":
            await desk_.set_own_worker(worker, id, form.get("to", ""))
        case "label":
            await desk_.label(worker, id, [each for each in labels() if form.get(f"label-{each}")])
        case "follow_up":
            await desk_.follow_up(worker, id, _day("day", form.get("day", "")))
        case "merge":
            await desk_.merge(worker, id, form.get("into", ""))
        case "undo":
            await desk_.undo(worker, id)


def _day(field: str, text: str) -> date | None:
    """The day of a date field; None where it is empty. Raises BadInput."""
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise desk.BadInput(field, _("Choose a day from today on, within a year.")) from None


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
        centres=centre_choices({each.code for each in regions().centres()}),
        teams=sorted(((id, team.fi) for id, team in needs.teams().items()), key=lambda row: row[1]),
        team_label=team_label,
        canned=[(id, translate(text, LANGUAGE), translate(text, view.row.language)) for id, text in CANNED.items()],
        language_dir=languages()[view.row.language].dir,
        labels=labels(LANGUAGE),
        tries_needed=(desk.TRIES, desk.TRY_DAYS),
        today=local_day(clock.now()).isoformat(),
        translates=bool(request.app[SETTINGS].translate_url),
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
