"""What each role may do. The one table that the domain rooms ask; whatever it does not name is refused.

Rights say what kind of thing a role may do; on which requests is decided by the worker's centres (bot.requests.desk).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum


class Right(Enum):
    """Something that not everybody may do."""

    REQUESTS = "work with the requests of one's own family centres"
    ASSIGN = "give a request that a colleague has to somebody else"
    LOG = "read the access log"
    ACCOUNTS = "see and manage accounts"


ROLES: Mapping[str, frozenset[Right]] = {
    "worker": frozenset({Right.REQUESTS}),
    "coordinator": frozenset({Right.REQUESTS, Right.ASSIGN}),
    "admin": frozenset({Right.ACCOUNTS}),
    "auditor": frozenset({Right.LOG}),
}


@dataclass(frozen=True)
class Worker:
    """Somebody who is logged in. `centres`: codes of the family centres whose requests are theirs."""

    id: str
    login: str
    name: str
    role: str
    centres: frozenset[str]

    def may(self, right: Right) -> bool:
        """True where the role has the right; a role that is not known has none."""
        return right in ROLES.get(self.role, frozenset())

    def demand(self, right: Right) -> None:
        """Raises Forbidden where the role does not have the right."""
        if not self.may(right):
            raise Forbidden(f"{self.role}: {right.value}")


class Forbidden(PermissionError):
    """The role may not do this, whatever it is asked of."""
