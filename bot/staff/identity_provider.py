"""The county's identity provider: OpenID Connect, authorization code with PKCE. Of the domain rooms this is the one
place that speaks to it; what it says of a person is turned into an account in bot.staff.county_login.

An id token counts only when all of it fits: signed with a key of the provider (never "none", never a shared secret),
issued by it, for us, not too old, and for this very login (nonce). Sources: OpenID Connect Core 1.0 section 3.1.3.7,
RFC 7636 (PKCE), RFC 9207 (issuer in the answer).
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import aiohttp
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet

from bot import clock
from bot.settings import safe_address

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519")
LEEWAY = 60
"""Seconds that two clocks may differ."""
DEADLINE = 10
"""Seconds the provider has for an answer."""
ANSWER_MAX = 256 * 1024
"""Bytes of an answer that are read."""
KEEP = 3600
"""Seconds the provider's description and keys are kept."""
AGAIN = 30
"""Seconds before they are read again for a key that is not among them."""
_KEY_TYPES = ("RSA", "EC", "OKP")


class ProviderAway(RuntimeError):
    """The provider does not answer, or not as the standard says."""


class TokenRefused(PermissionError):
    """The provider's answer does not prove who somebody is; the message says why, for the journal."""


@dataclass(frozen=True)
class Journey:
    """A login on its way. `url`: where the browser goes; the rest must be there when it comes back."""

    url: str
    state: str
    nonce: str
    verifier: str


class IdentityProvider:
    """The provider at `issuer`, for the client that is registered there with `redirect_uri`."""

    def __init__(
        self, issuer: str, client_id: str, client_secret: str, redirect_uri: str, scopes: str = "openid profile"
    ) -> None:
        self.issuer = issuer
        self._client_id = client_id
        self._client_secret = client_secret
        self._redirect_uri = redirect_uri
        self._scopes = scopes
        self._http: aiohttp.ClientSession | None = None
        self._metadata: dict[str, Any] = {}
        self._keys = KeySet([])
        self._read_at = float("-inf")
        self._reading = asyncio.Lock()

    async def close(self) -> None:
        """Closes the connections."""
        if self._http is not None:
            await self._http.close()

    async def begin(self) -> Journey:
        """A new login: the address at the provider, and what only this browser may know. Raises ProviderAway."""
        await self._describe()
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        query = {
            "response_type": "code",
            "client_id": self._client_id,
            "redirect_uri": self._redirect_uri,
            "scope": self._scopes,
            "state": state,
            "nonce": nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        url = self._metadata["authorization_endpoint"]
        return Journey(f"{url}{'&' if '?' in url else '?'}{urlencode(query)}", state, nonce, verifier)

    async def finish(self, answer: Mapping[str, str], journey: Journey) -> dict[str, Any]:
        """The proven claims of the person who came back with the query `answer`. Raises ProviderAway, TokenRefused."""
        if not hmac.compare_digest(answer.get("state", "").encode(), journey.state.encode()):
            raise TokenRefused("the answer belongs to another login")
        if answer.get("iss", self.issuer) != self.issuer:
            raise TokenRefused(f"the answer comes from {answer['iss']!r}")
        if "error" in answer or not answer.get("code"):
            raise TokenRefused(f"the provider says {answer.get('error', 'nothing')!r}")
        await self._describe()
        token = await self._exchange(answer["code"], journey.verifier)
        claims = await self._verified(token)
        self._check(claims, journey.nonce)
        return claims

    async def _exchange(self, code: str, verifier: str) -> str:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._redirect_uri,
            "code_verifier": verifier,
        }
        headers = {"Accept": "application/json"}
        supported = self._metadata.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        if not self._client_secret:
            form["client_id"] = self._client_id
        elif "client_secret_basic" in supported:
            pair = f"{quote(self._client_id, safe='')}:{quote(self._client_secret, safe='')}"
            headers["Authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()
        else:
            form |= {"client_id": self._client_id, "client_secret": self._client_secret}
        found = await self._ask("POST", self._metadata["token_endpoint"], data=form, headers=headers)
        token = found.get("id_token")
        if not isinstance(token, str):
            raise TokenRefused(f"no id token: {found.get('error', 'no error named')}")
        return token

    async def _verified(self, token: str) -> dict[str, Any]:
        for last in (False, True):
            try:
                return dict(jwt.decode(token, self._keys, algorithms=list(ALGORITHMS)).claims)
            except InvalidKeyIdError:
                # The provider may have changed its keys since we read them.
                if last or not await self._describe(again=True):
                    raise TokenRefused("signed with a key that the provider does not have") from None
            except (JoseError, ValueError, TypeError) as error:
                raise TokenRefused(f"the signature does not hold: {type(error).__name__}") from None
        raise AssertionError  # the second round returns or raises

    def _check(self, claims: dict[str, Any], nonce: str) -> None:
        now = clock.now().timestamp()
        audience = claims.get("aud")
        audiences = audience if isinstance(audience, list) else [audience]
        subject = claims.get("sub")
        for holds, why in (
            (claims.get("iss") == self.issuer, "another issuer"),
            (self._client_id in audiences, "for another audience"),
            (len(audiences) == 1 or "azp" in claims, "several audiences and no authorised party"),
            (claims.get("azp", self._client_id) == self._client_id, "for another party"),
            (_number(claims.get("exp")) > now - LEEWAY, "expired"),
            (0 < _number(claims.get("iat")) <= now + LEEWAY, "not issued yet"),
            (_number(claims.get("nbf", 1)) <= now + LEEWAY, "not valid yet"),
            (isinstance(subject, str) and 0 < len(subject) <= 255, "no subject"),
            (hmac.compare_digest(str(claims.get("nonce", "")).encode(), nonce.encode()), "for another login"),
        ):
            if not holds:
                raise TokenRefused(f"the id token is {why}")

    async def _describe(self, *, again: bool = False) -> bool:
        """Reads the provider's description and keys where they are old (`again`: sooner); returns whether it did."""
        async with self._reading:
            age = time.monotonic() - self._read_at
            if age < (AGAIN if again else KEEP):
                return False
            found = await self._ask("GET", self.issuer.rstrip("/") + "/.well-known/openid-configuration")
            if found.get("issuer") != self.issuer:
                raise ProviderAway(f"{self.issuer} calls itself {found.get('issuer')!r}")
            for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
                if not safe_address(str(found.get(name, ""))):
                    raise ProviderAway(f"{name} is {found.get(name)!r}")
            keys = (await self._ask("GET", found["jwks_uri"])).get("keys")
            usable = [key for key in keys if _signs(key)] if isinstance(keys, list) else []
            try:
                self._keys = KeySet.import_key_set({"keys": usable})
            except (JoseError, ValueError) as error:
                raise ProviderAway(f"the provider's keys cannot be read: {type(error).__name__}") from None
            self._metadata, self._read_at = found, time.monotonic()
            return True

    async def _ask(self, method: str, url: str, **more: Any) -> dict[str, Any]:
        if self._http is None:
            self._http = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=DEADLINE))
        try:
            async with self._http.request(method, url, allow_redirects=False, **more) as answer:
                body = bytearray()
                async for chunk in answer.content.iter_chunked(ANSWER_MAX):
                    body += chunk
                    if len(body) > ANSWER_MAX:
                        raise ProviderAway(f"{urlsplit(url).hostname}: a very long answer")
        except (aiohttp.ClientError, TimeoutError) as error:
            raise ProviderAway(f"{urlsplit(url).hostname}: {type(error).__name__}") from None
        if answer.status >= 500 or (method == "GET" and answer.status != 200):
            raise ProviderAway(f"{urlsplit(url).hostname}: status {answer.status}")
        try:
            found = json.loads(body)
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise ProviderAway(f"{urlsplit(url).hostname}: no JSON object")
        return found


def _signs(key: object) -> bool:
    return isinstance(key, dict) and key.get("kty") in _KEY_TYPES and key.get("use", "sig") == "sig"


def _number(value: object) -> float:
    # A truth value is a number to Python, and no time to anybody; NaN fits no comparison.
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else float("nan")
