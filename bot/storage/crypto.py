"""Encryption at rest and keyed digests: what the database holds of a family is unreadable without the key.

Uses cryptography's MultiFernet: the first key writes, all keys read, so keys can be rotated.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet


class Unreadable(RuntimeError):
    """A stored value was sealed with a key that is not here."""


class Box:
    """Seals JSON values and derives keyed digests. `keys`: Fernet keys, newest first (ValueError if malformed)."""

    def __init__(self, keys: Sequence[str | bytes]) -> None:
        clean = [key.strip() if isinstance(key, bytes) else key.strip().encode() for key in keys if key.strip()]
        if not clean:
            raise ValueError("no key")
        self._fernet = MultiFernet([Fernet(key) for key in clean])
        # Digests must survive rotation, so they hang on the oldest key, which stays last in the list.
        self._digest_key = hashlib.sha256(b"digest:" + clean[-1]).digest()

    def seal(self, value: Any) -> bytes:
        """`value` as compressed, encrypted JSON."""
        return self._fernet.encrypt(zlib.compress(json.dumps(value, ensure_ascii=False).encode(), 1))

    def open(self, sealed: bytes) -> Any:
        """The value behind `sealed`; raises Unreadable."""
        try:
            return json.loads(zlib.decompress(self._fernet.decrypt(sealed)))
        except InvalidToken:
            raise Unreadable("the value was sealed with another key") from None

    def digest(self, purpose: str, text: str) -> str:
        """Hex HMAC-SHA256 of `text`, bound to `purpose`: equal inputs are recognised, inputs are not readable."""
        return hmac.new(self._digest_key, f"{purpose}\0{text}".encode(), hashlib.sha256).hexdigest()


def load_box(keys: str, key_file: Path) -> Box:
    """The box for configured `keys` (comma separated) or, where empty, for `key_file`, made with mode 0600."""
    if keys:
        return Box(keys.split(","))
    if not key_file.exists():
        key_file.parent.mkdir(parents=True, exist_ok=True)
        part = key_file.with_name(f"{key_file.name}.{secrets.token_hex(4)}")
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(Fernet.generate_key() + b"\n")
            stream.flush()
            os.fsync(stream.fileno())
        try:
            os.link(part, key_file)  # fails where another process was first: its key counts
        except FileExistsError:
            pass
        finally:
            part.unlink()
    return Box(key_file.read_bytes().split())
