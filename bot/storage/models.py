"""Tables of the app. Columns named `sealed_*` hold encrypted JSON (bot.storage.crypto); nothing else holds
what a family wrote, so that a stolen database file tells codes and times, not people.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, DateTime, ForeignKey, Index, LargeBinary, String, TypeDecorator, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from bot import clock


class UTCDateTime(TypeDecorator[datetime]):
    """Aware datetimes in UTC on every database (SQLite keeps no offset)."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:
        """To UTC; naive values are a programming error."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("naive datetime")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Any) -> datetime | None:
        """Back with UTC attached."""
        if value is None or value.tzinfo is not None:
            return value
        return value.replace(tzinfo=UTC)


class Base(DeclarativeBase):
    """Base of all tables."""

    type_annotation_map = {datetime: UTCDateTime, dict[str, Any]: JSON, list[Any]: JSON, bytes: LargeBinary}  # noqa: RUF012


class ConversationRow(Base):
    """A conversation; `token` is a digest, the vault holds contact details that never reach the engine."""

    __tablename__ = "conversation"
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    token: Mapped[str] = mapped_column(String(64))
    language: Mapped[str] = mapped_column(String(8))
    status: Mapped[str] = mapped_column(String(16), default="open")
    created_at: Mapped[datetime]
    last_at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)
    sealed_vault: Mapped[bytes]
    sealed_tracker: Mapped[bytes | None]


class MessageRow(Base):
    """One message of a conversation. A person's message has `client_id`; its answers carry it in `answers`."""

    __tablename__ = "message"
    __table_args__ = (
        UniqueConstraint("conversation_id", "client_id"),
        Index("message_order", "conversation_id", "number"),
    )
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversation.id", ondelete="CASCADE"))
    number: Mapped[int]
    client_id: Mapped[str | None] = mapped_column(String(64))
    answers: Mapped[str | None] = mapped_column(String(64))
    digest: Mapped[str | None] = mapped_column(String(64))
    at: Mapped[datetime]
    sealed_body: Mapped[bytes]


class ContactRequestRow(Base):
    """A family's contact request. Codes are open (routing, sorting, figures); words and contacts are sealed."""

    __tablename__ = "contact_request"
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    reference: Mapped[str] = mapped_column(String(16), unique=True)
    pin_hash: Mapped[str] = mapped_column(String(200))
    idempotency_key: Mapped[str] = mapped_column(String(64), unique=True)
    digest: Mapped[str] = mapped_column(String(64))
    conversation_id: Mapped[str | None] = mapped_column(ForeignKey("conversation.id", ondelete="SET NULL"), index=True)
    centre: Mapped[str] = mapped_column(String(40))
    team: Mapped[str] = mapped_column(String(40))
    need: Mapped[str] = mapped_column(String(40))
    urgency: Mapped[int]
    status: Mapped[str] = mapped_column(String(16))
    place: Mapped[str] = mapped_column(String(60))
    municipality: Mapped[str | None] = mapped_column(String(3))
    language: Mapped[str] = mapped_column(String(8))
    interpreter: Mapped[bool]
    created_at: Mapped[datetime]
    due_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    claimed_by: Mapped[str | None] = mapped_column(ForeignKey("staff.id"))
    outcome: Mapped[str | None] = mapped_column(String(40))
    sealed_body: Mapped[bytes]
    own_worker: Mapped[str | None] = mapped_column(String(36))
    """The worker whom the family was told by name (omatyöntekijä)."""
    merged_into: Mapped[str | None] = mapped_column(String(36))
    """The request that this one, a double of it, was joined with."""
    contact_digest: Mapped[str | None] = mapped_column(String(64))
    """Equal for equal contacts, so that doubles are found without opening anything."""
    follow_up_at: Mapped[datetime | None]
    wrote_at: Mapped[datetime | None]
    """When the family added words that nobody has answered yet."""
    warned_at: Mapped[datetime | None]
    late_at: Mapped[datetime | None]
    reminded_at: Mapped[datetime | None]
    changed_at: Mapped[datetime | None] = mapped_column(UTCDateTime, default=clock.now, onupdate=clock.now)
    __table_args__ = (
        Index("request_inbox", "centre", "status", "due_at"),
        Index("request_changed", "centre", "changed_at"),
        Index("request_contact", "contact_digest"),
        Index("request_merged", "merged_into"),
    )


class RequestEventRow(Base):
    """What happened to a request, in order; `sealed_detail` holds words (notes, reasons, answers)."""

    __tablename__ = "request_event"
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    request_id: Mapped[str] = mapped_column(ForeignKey("contact_request.id", ondelete="CASCADE"), index=True)
    at: Mapped[datetime]
    actor: Mapped[str | None] = mapped_column(ForeignKey("staff.id"))
    kind: Mapped[str] = mapped_column(String(24))
    sealed_detail: Mapped[bytes]


class RequestLabelRow(Base):
    """A label that workers put on a request; ids of data/staff_labels.yml, so that no label can name a family."""

    __tablename__ = "request_label"
    request_id: Mapped[str] = mapped_column(ForeignKey("contact_request.id", ondelete="CASCADE"), primary_key=True)
    label: Mapped[str] = mapped_column(String(40), primary_key=True)


class RequestReaderRow(Base):
    """Who has a request's page open; `seen_at` is renewed while the page stands open."""

    __tablename__ = "request_reader"
    request_id: Mapped[str] = mapped_column(ForeignKey("contact_request.id", ondelete="CASCADE"), primary_key=True)
    staff_id: Mapped[str] = mapped_column(ForeignKey("staff.id", ondelete="CASCADE"), primary_key=True)
    seen_at: Mapped[datetime]


class StaffRow(Base):
    """A worker's account. `password_hash`: empty where only the county's identity provider lets in.

    `external`: digest of the provider's address and its subject. `sealed_totp`: the secret of the second step, None
    where it is not in use; `totp_step`: the last 30-second step whose code was used, so that none is used twice.
    """

    __tablename__ = "staff"
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    login: Mapped[str] = mapped_column(String(80), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    password_hash: Mapped[str] = mapped_column(String(200))
    role: Mapped[str] = mapped_column(String(16))
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime]
    external: Mapped[str | None] = mapped_column(String(64), unique=True)
    sealed_totp: Mapped[bytes | None]
    totp_step: Mapped[int | None]


class StaffCentreRow(Base):
    """Which family centres an account works for."""

    __tablename__ = "staff_centre"
    staff_id: Mapped[str] = mapped_column(ForeignKey("staff.id", ondelete="CASCADE"), primary_key=True)
    centre: Mapped[str] = mapped_column(String(40), primary_key=True)


class StaffRecoveryRow(Base):
    """A recovery code of the second step that has not been used; `code` is a digest."""

    __tablename__ = "staff_recovery"
    code: Mapped[str] = mapped_column(String(64), primary_key=True)
    staff_id: Mapped[str] = mapped_column(ForeignKey("staff.id", ondelete="CASCADE"), index=True)


class StaffSessionRow(Base):
    """A staff session; `id` is the digest of the cookie's secret, `device` what the browser says it is."""

    __tablename__ = "staff_session"
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    staff_id: Mapped[str] = mapped_column(ForeignKey("staff.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    device: Mapped[str] = mapped_column(String(80), default="")


class AccessLogRow(Base):
    """Append-only, hash-chained: who looked at or did what to which request, when and why (Act 703/2023)."""

    __tablename__ = "access_log"
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    staff_id: Mapped[str] = mapped_column(String(36), index=True)
    request_id: Mapped[str] = mapped_column(String(36), index=True)
    action: Mapped[str] = mapped_column(String(24))
    reason: Mapped[str] = mapped_column(String(200))
    previous: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))


class ErasedReferenceRow(Base):
    """Which request an erased reference stood for, so that a family can still be told who handled its matter."""

    __tablename__ = "erased_reference"
    reference: Mapped[str] = mapped_column(String(64), primary_key=True)
    """Digest of the reference."""
    request_id: Mapped[str] = mapped_column(String(36))


class OutboxRow(Base):
    """A notification that must leave, written in the transaction of what it tells. No personal data inside."""

    __tablename__ = "outbox"
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    kind: Mapped[str] = mapped_column(String(32))
    payload: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    next_at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)
    sent_at: Mapped[datetime | None]


class ThrottleRow(Base):
    """Counters of failed or frequent attempts; `key` is a digest of what is counted."""

    __tablename__ = "throttle"
    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    count: Mapped[int]
    until: Mapped[datetime] = mapped_column(UTCDateTime, index=True)


class FeedbackRow(Base):
    """A family's rating (1-5) and words."""

    __tablename__ = "feedback"
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    at: Mapped[datetime]
    language: Mapped[str] = mapped_column(String(8))
    rating: Mapped[int | None]
    sealed_words: Mapped[bytes]


class MetaRow(Base):
    """Small facts about what the database holds: checksums of the catalogues it was filled from."""

    __tablename__ = "meta"
    key: Mapped[str] = mapped_column(String(80), primary_key=True)
    value: Mapped[str] = mapped_column(String(200))


class ServiceRow(Base):
    """A service of a catalogue; `data` is bot.catalogue.model.Service as JSON, `digest` tells when it changed."""

    __tablename__ = "service"
    __table_args__ = (UniqueConstraint("source", "source_id"),)
    id: Mapped[str] = mapped_column(String(80), primary_key=True)
    source: Mapped[str] = mapped_column(String(24))
    source_id: Mapped[str] = mapped_column(String(120))
    digest: Mapped[str] = mapped_column(String(64))
    data: Mapped[dict[str, Any]]
    modified: Mapped[datetime | None]
    seen_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(String(16), default="active")


class ServiceTextRow(Base):
    """A service's words in one language, ready for search; `embedding` is float32, None until it could be made.

    `number` is also the rowid of the words in SQLite's full text table `service_fts`. PostgreSQL keeps them in a
    column `search` (tsvector) of this table; only the migration and bot.catalogue.fulltext know of the two.
    """

    __tablename__ = "service_text"
    __table_args__ = (UniqueConstraint("service_id", "language"),)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    service_id: Mapped[str] = mapped_column(ForeignKey("service.id", ondelete="CASCADE"))
    language: Mapped[str] = mapped_column(String(8))
    hash: Mapped[str] = mapped_column(String(64))
    embedding: Mapped[bytes | None]


class CatalogueSourceRow(Base):
    """How fresh a catalogue is, and which process refreshes it now (`lease_*`).

    `run` names a full reading under way, whose pages are kept so that it can go on after a break. `changes_from` is
    the moment from which the next daily refresh asks for changes. `counts` and `aside` tell what the last one did.
    """

    __tablename__ = "catalogue_source"
    source: Mapped[str] = mapped_column(String(24), primary_key=True)
    tried_at: Mapped[datetime | None]
    succeeded_at: Mapped[datetime | None]
    full_at: Mapped[datetime | None]
    changes_from: Mapped[datetime | None]
    error: Mapped[str | None] = mapped_column(String(400))
    run: Mapped[str | None] = mapped_column(String(32))
    run_at: Mapped[datetime | None]
    counts: Mapped[dict[str, Any]] = mapped_column(default=dict)
    aside: Mapped[list[Any]] = mapped_column(default=list)
    lease_owner: Mapped[str | None] = mapped_column(String(64))
    lease_until: Mapped[datetime | None]


class CataloguePageRow(Base):
    """A page of a catalogue that was read: by which run, its ETag where the API gives one, and what stood on it."""

    __tablename__ = "catalogue_page"
    source: Mapped[str] = mapped_column(String(24), primary_key=True)
    address: Mapped[str] = mapped_column(String(300), primary_key=True)
    run: Mapped[str] = mapped_column(String(32))
    etag: Mapped[str | None] = mapped_column(String(200))
    pages: Mapped[int]
    ids: Mapped[list[Any]]


class CatalogueRecordRow(Base):
    """A catalogue's own record as it came (`body`: JSON, zlib), so that a changed channel renews its services.

    `links`: ids of the channels a service refers to.
    """

    __tablename__ = "catalogue_record"
    source: Mapped[str] = mapped_column(String(24), primary_key=True)
    kind: Mapped[str] = mapped_column(String(8), primary_key=True)
    id: Mapped[str] = mapped_column(String(80), primary_key=True)
    run: Mapped[str] = mapped_column(String(32))
    links: Mapped[list[Any]]
    body: Mapped[bytes]
