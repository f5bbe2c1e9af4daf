"""Every setting of the app, read once from the environment.

The table `SETTINGS` is the single list: names, defaults, meaning. docs/configuration.md is held to it by a test.
A wrong value stops the start with a sentence that says which (`SettingsError`).
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parent.parent


class SettingsError(ValueError):
    """A setting has a value that cannot be used; the message names it."""


@dataclass(frozen=True)
class Setting:
    """One environment variable: `kind` is str, int, float, bool or list (comma separated)."""

    name: str
    kind: str
    default: str
    meaning: str
    low: float | None = None
    high: float | None = None

    @property
    def attribute(self) -> str:
        """The name in `Settings` ("BOT_PORT" -> "port")."""
        return self.name.removeprefix("BOT_").lower()

    def read(self, environ: Mapping[str, str]) -> Any:
        """The value from `environ`, or the default; raises SettingsError."""
        raw = environ.get(self.name, self.default)
        if self.kind == "str":
            return raw
        if self.kind == "list":
            return tuple(part.strip() for part in raw.split(",") if part.strip())
        if self.kind == "bool":
            if raw.lower() in {"1", "true", "yes", "on"}:
                return True
            if raw.lower() in {"0", "false", "no", "off"}:
                return False
            raise SettingsError(f"{self.name} must be yes or no, not {raw!r}.")
        try:
            value = int(raw) if self.kind == "int" else float(raw)
        except ValueError:
            wanted = "a whole number" if self.kind == "int" else "a number"
            raise SettingsError(f"{self.name} must be {wanted}, not {raw!r}.") from None
        if (self.low is not None and value < self.low) or (self.high is not None and value > self.high):
            raise SettingsError(f"{self.name} must be between {self.low:g} and {self.high:g}, not {raw}.")
        return value


SETTINGS: tuple[Setting, ...] = (
    Setting("BOT_HOST", "str", "127.0.0.1", "Address the public pages and API listen on."),
    Setting("BOT_PORT", "int", "8080", "Port of the public pages and API.", 1, 65535),
    Setting(
        "BOT_INTERNAL_PORT",
        "int",
        "8081",
        "Loopback port for the engine's calls (actions, trackers) and /metrics.",
        1,
        65535,
    ),
    Setting("BOT_ENGINE_PORT", "int", "5005", "Loopback port of the Rasa engine.", 1, 65535),
    Setting(
        "BOT_ENGINE_URL",
        "str",
        "",
        "Address of an engine started elsewhere; empty: http://127.0.0.1 and its port.",
    ),
    Setting(
        "BOT_ENGINE_DEADLINE",
        "float",
        "4.5",
        "Seconds the engine has for an answer before the family gets the fallback.",
        0.1,
        60,
    ),
    Setting("BOT_MODELS", "str", "models", "Folder of the trained Rasa models."),
    Setting(
        "BOT_DATABASE_URL",
        "str",
        "sqlite+aiosqlite:///var/bot.sqlite3",
        "SQLAlchemy address of the database (sqlite+aiosqlite or postgresql+asyncpg).",
    ),
    Setting(
        "BOT_KEYS",
        "str",
        "",
        "Fernet keys, comma separated, newest first; empty: the key file is used.",
    ),
    Setting("BOT_KEY_FILE", "str", "var/key", "Key file, made at the first start with mode 0600."),
    Setting("BOT_LANGUAGE", "str", "fi", "Language of the page where the browser names no supported one."),
    Setting(
        "BOT_PUBLIC_URL",
        "str",
        "",
        "Address families see (https://...); empty: taken from the request's Host.",
    ),
    Setting("BOT_TRUST_PROXY", "bool", "no", "Believe X-Forwarded-For/-Proto of the proxy in front."),
    Setting(
        "BOT_FRAME_ANCESTORS",
        "list",
        "",
        "Sites that may show the chat in a frame (https://www.example.fi, ...).",
    ),
    Setting(
        "BOT_WIDGET_LABEL",
        "str",
        "help",
        "Words on the button on other sites: help (Pyydä apua) or advice (Pyydä neuvoa).",
    ),
    Setting(
        "BOT_CONTROLLER", "str", "", "Who is responsible for the data, as the privacy page says it; empty: not said."
    ),
    Setting(
        "BOT_PRIVACY_CONTACT",
        "str",
        "",
        "E-mail address for questions about data on the privacy page; empty: not shown.",
    ),
    Setting(
        "BOT_ACCESSIBILITY_CONTACT",
        "str",
        "",
        "E-mail address for accessibility feedback in the statement; empty: not shown.",
    ),
    Setting("BOT_CONVERSATION_DAYS", "int", "7", "Days a conversation is kept after its last message.", 1, 3650),
    Setting("BOT_REQUEST_DAYS", "int", "365", "Days a closed contact request is kept.", 1, 36500),
    Setting("BOT_MESSAGES_PER_MINUTE", "int", "30", "Messages one conversation may send in a minute.", 1, 100000),
    Setting(
        "BOT_CONVERSATIONS_PER_HOUR",
        "int",
        "120",
        "Conversations, requests and feedback one address may start in an hour (shared connections are common).",
        1,
        1000000,
    ),
    Setting("BOT_SESSION_IDLE_MINUTES", "int", "30", "A staff session ends after this long without use.", 1, 1440),
    Setting("BOT_SESSION_HOURS", "int", "10", "A staff session ends after this long in any case.", 1, 72),
    Setting(
        "BOT_PTV_URL",
        "str",
        "",
        "Service Catalogue (PTV, open API v11) that the bot keeps fresh; empty: only the repository's own services.",
    ),
    Setting("BOT_PTV_AREA", "str", "19", "Code of the wellbeing services county whose services are read from PTV."),
    Setting(
        "BOT_PTV12_KEY", "str", "", "Key (x-api-key) of PTV's API v12, for `catalogue import --source ptv12` only."
    ),
    Setting(
        "BOT_OIDC_ISSUER",
        "str",
        "",
        "Address of the county's identity provider (OpenID Connect); empty: staff log in with passwords only.",
    ),
    Setting("BOT_OIDC_CLIENT_ID", "str", "", "Our client's id at the identity provider."),
    Setting("BOT_OIDC_CLIENT_SECRET", "str", "", "Our client's secret there; empty: a public client, PKCE only."),
    Setting("BOT_OIDC_SCOPES", "str", "openid profile", "Scopes that are asked for; openid must be among them."),
    Setting("BOT_OIDC_CLAIM", "str", "groups", "Claim of the id token that names a person's groups; dots lead inside."),
    Setting(
        "BOT_OIDC_GROUPS",
        "str",
        "data/staff_groups.yml",
        "File that says which role and family centres a group gives.",
    ),
    Setting(
        "BOT_TRANSLATE_URL",
        "str",
        "",
        "LibreTranslate server that translates workers' Finnish answers; empty: families read them in Finnish.",
    ),
    Setting("BOT_TRANSLATE_KEY", "str", "", "API key of the translation server; empty: it needs none."),
    Setting("BOT_LOG_LEVEL", "str", "INFO", "Log level: DEBUG, INFO, WARNING or ERROR."),
)


@dataclass(frozen=True)
class Settings:
    """The settings, typed; field names are those of `SETTINGS` without BOT_, in lower case."""

    host: str
    port: int
    internal_port: int
    engine_port: int
    engine_url: str
    engine_deadline: float
    models: str
    database_url: str
    keys: str
    key_file: str
    language: str
    public_url: str
    trust_proxy: bool
    frame_ancestors: tuple[str, ...]
    widget_label: str
    controller: str
    privacy_contact: str
    accessibility_contact: str
    conversation_days: int
    request_days: int
    messages_per_minute: int
    conversations_per_hour: int
    session_idle_minutes: int
    session_hours: int
    ptv_url: str
    ptv_area: str
    ptv12_key: str
    oidc_issuer: str
    oidc_client_id: str
    oidc_client_secret: str
    oidc_scopes: str
    oidc_claim: str
    oidc_groups: str
    translate_url: str
    translate_key: str
    log_level: str

    @property
    def engine(self) -> str:
        """Base address of the engine."""
        return self.engine_url or f"http://127.0.0.1:{self.engine_port}"

    @property
    def secure_cookies(self) -> bool:
        """True where families and staff reach the app by https."""
        return self.public_url.startswith("https://")


def load(environ: Mapping[str, str] | None = None) -> Settings:
    """Settings from `environ` (the process environment by default); raises SettingsError."""
    env = os.environ if environ is None else environ
    known = {setting.name for setting in SETTINGS} | {"BOT_INTERNAL_TOKEN", "BOT_INTERNAL_URL"}
    for name in env:
        if name.startswith("BOT_") and name not in known:
            raise SettingsError(f"{name} is not a setting of this app; docs/configuration.md lists them.")
    settings = Settings(**{setting.attribute: setting.read(env) for setting in SETTINGS})
    ports = (settings.port, settings.internal_port, settings.engine_port)
    if len(set(ports)) != len(ports):
        raise SettingsError(
            f"BOT_PORT, BOT_INTERNAL_PORT and BOT_ENGINE_PORT must differ; they are {', '.join(map(str, ports))}."
        )
    if settings.log_level not in {"DEBUG", "INFO", "WARNING", "ERROR"}:
        raise SettingsError(f"BOT_LOG_LEVEL must be DEBUG, INFO, WARNING or ERROR, not {settings.log_level!r}.")
    if not settings.database_url.startswith(("sqlite+aiosqlite:///", "postgresql+asyncpg://")):
        raise SettingsError(
            "BOT_DATABASE_URL must start with sqlite+aiosqlite:/// or postgresql+asyncpg://; "
            f"it starts with {settings.database_url.split(':', 1)[0]!r}."
        )
    if settings.ptv_url and not settings.ptv_url.startswith(("https://", "http://")):
        raise SettingsError(f"BOT_PTV_URL must start with https:// or http://, not {settings.ptv_url!r}.")
    if not settings.ptv_area.isdigit():
        raise SettingsError(f"BOT_PTV_AREA must be digits, like 19, not {settings.ptv_area!r}.")
    from bot.i18n import languages

    if settings.language not in languages():
        raise SettingsError(f"BOT_LANGUAGE must be one of {', '.join(languages())}, not {settings.language!r}.")
    for site in settings.frame_ancestors:
        if not site.startswith(("https://", "http://")) or any(c in site for c in " ;'\""):
            raise SettingsError(f"BOT_FRAME_ANCESTORS has {site!r}; each must be like https://www.example.fi.")
    if settings.translate_url and not safe_address(settings.translate_url):
        raise SettingsError(f"BOT_TRANSLATE_URL must start with https://; it is {settings.translate_url!r}.")
    if settings.oidc_issuer:
        _check_oidc(settings)
    if settings.widget_label not in {"help", "advice"}:
        raise SettingsError(f"BOT_WIDGET_LABEL must be help or advice, not {settings.widget_label!r}.")
    if settings.keys:
        from bot.storage.crypto import Box

        try:
            Box(settings.keys.split(","))
        except ValueError:
            raise SettingsError(
                "BOT_KEYS holds something that is not a Fernet key (32 bytes in url-safe base64)."
            ) from None
    return settings


def safe_address(url: str) -> bool:
    """True for https, and for http on this machine (a service that a developer runs)."""
    parts = urlsplit(url)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in ("127.0.0.1", "localhost", "::1"))


def _check_oidc(settings: Settings) -> None:
    if not safe_address(settings.oidc_issuer):
        raise SettingsError(f"BOT_OIDC_ISSUER must start with https://; it is {settings.oidc_issuer!r}.")
    if not settings.oidc_client_id:
        raise SettingsError("BOT_OIDC_CLIENT_ID is needed where BOT_OIDC_ISSUER is set.")
    if not settings.public_url:
        raise SettingsError(
            "BOT_PUBLIC_URL is needed where BOT_OIDC_ISSUER is set: the provider sends staff back there."
        )
    if "openid" not in settings.oidc_scopes.split():
        raise SettingsError(f"BOT_OIDC_SCOPES must hold openid; it is {settings.oidc_scopes!r}.")
