"""Which role and family centres a group of the county's identity provider gives here: data/staff_groups.yml.

Nothing is given by default: a person in none of the groups has no way in. Groups that give different roles give none,
for nobody should be both the one who reads requests and the one who watches the readers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from bot.staff.accounts import BadAccount, check_role


class BadGroups(ValueError):
    """The file of groups cannot be used; the message says what is wrong."""


class NotEntitled(PermissionError):
    """The person may not come in; the message says why, for the journal."""


@dataclass(frozen=True)
class Grant:
    """A role here, and the family centres it holds for."""

    role: str
    centres: frozenset[str]


class Groups:
    """The groups of a file, and what each gives."""

    def __init__(self, grants: Mapping[str, Grant]) -> None:
        self._grants = grants

    def grant(self, names: frozenset[str]) -> Grant:
        """What somebody in these groups gets: the centres of all that are known here. Raises NotEntitled."""
        given = [self._grants[name] for name in sorted(names) if name in self._grants]
        roles = sorted({each.role for each in given})
        if not roles:
            raise NotEntitled("in no group that has a role here")
        if len(roles) > 1:
            raise NotEntitled(f"in groups that give different roles: {', '.join(roles)}")
        return Grant(roles[0], frozenset().union(*(each.centres for each in given)))


def load_groups(path: Path) -> Groups:
    """Reads a file of groups. Raises BadGroups."""
    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError, UnicodeDecodeError) as error:
        raise BadGroups(f"{path}: {type(error).__name__}") from None
    rows = found.get("groups") if isinstance(found, dict) else None
    if not isinstance(rows, dict):
        raise BadGroups(f"{path}: it has no mapping `groups`")
    return Groups({str(name): _grant(path, str(name), row) for name, row in rows.items()})


def groups_in(claims: Mapping[str, Any], claim: str) -> frozenset[str]:
    """The names that a claim holds: a list or one name; dots lead into objects ("realm_access.roles")."""
    value: Any = claims
    for part in [claim] if claim in claims else claim.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    names = value if isinstance(value, list) else [value]
    return frozenset(name for name in names if isinstance(name, str))


def _grant(path: Path, name: str, row: Any) -> Grant:
    if not isinstance(row, dict) or not set(row) <= {"role", "centres"}:
        raise BadGroups(f"{path}: {name}: it needs `role` and, where the role reads requests, `centres`")
    centres = row.get("centres", [])
    if not isinstance(centres, list):
        raise BadGroups(f"{path}: {name}: `centres` is a list")
    grant = Grant(str(row.get("role")), frozenset(map(str, centres)))
    try:
        check_role(grant.role, grant.centres)
    except BadAccount as error:
        raise BadGroups(f"{path}: {name}: {error}") from None
    return grant
