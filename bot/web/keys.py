"""Typed keys of what the web application carries."""

from __future__ import annotations

from aiohttp import web

from bot.catalogue.search import Catalogue
from bot.conversation.engine_client import EngineClient
from bot.conversation.service import Conversations
from bot.conversation.store import Trackers
from bot.requests.service import ContactRequests
from bot.settings import Settings
from bot.storage.database import Database

NONCE = web.RequestKey("nonce", str)
"""Of the Content-Security-Policy, one a request."""
SETTINGS = web.AppKey("settings", Settings)
DATABASE = web.AppKey("database", Database)
ENGINE = web.AppKey("engine", EngineClient)
CONVERSATIONS = web.AppKey("conversations", Conversations)
TRACKERS = web.AppKey("trackers", Trackers)
REQUESTS = web.AppKey("requests", ContactRequests)
CATALOGUE = web.AppKey("catalogue", Catalogue)
