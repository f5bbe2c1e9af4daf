"""A small OpenID Connect provider for tests, a process of its own: `python -m tests.oidc_provider PORT`.

Whoever comes to its authorization endpoint is logged in at once, as the person that `POST /next` has set. It insists on
PKCE (S256), the registered address, the client's secret, and gives a code once. `POST /next` takes
`{"claims": {…}, "drop": [claims], "sign": "good" | "stranger" | "none" | "shared", "error": …}` for the logins to come,
`POST /rotate` gives it a new key.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import sys
import time
from typing import Any
from urllib.parse import quote, urlencode

from aiohttp import web
from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT, SECRET = "perhekeskus-bot", "salainen: äö/+%"
PLAIN: dict[str, Any] = {"claims": {}, "drop": [], "sign": "good", "error": ""}


class Provider:
    """Keys, codes on their way, and what the next person's token says."""

    def __init__(self, issuer: str, back: str) -> None:
        self.issuer = issuer
        self.back = back
        self.codes: dict[str, dict[str, str]] = {}
        self.next: dict[str, Any] = PLAIN
        self.stranger = RSAKey.generate_key(2048, {"kid": "key-1", "use": "sig"})
        self.made = 0
        self.rotate()

    def rotate(self) -> None:
        """A new key under a new name; the old one is forgotten."""
        self.made += 1
        self.key = RSAKey.generate_key(2048, {"kid": f"key-{self.made}", "use": "sig", "alg": "RS256"})

    def token(self, nonce: str) -> str:
        """An id token, with whatever is to be wrong with it."""
        now = int(time.time())
        claims: dict[str, Any] = {
            "iss": self.issuer,
            "aud": CLIENT,
            "sub": "person-1",
            "iat": now,
            "exp": now + 300,
            "nonce": nonce,
            "preferred_username": "maija.malli",
            "name": "Maija Malli",
            **self.next["claims"],
        }
        for name in self.next["drop"]:
            claims.pop(name)
        match self.next["sign"]:
            case "stranger":
                return jwt.encode({"alg": "RS256", "kid": "key-1"}, claims, self.stranger)
            case "none":
                parts = ({"alg": "none"}, claims)
                return ".".join(_b64(json.dumps(part).encode()) for part in parts) + "."
            case "shared":
                # The attack on checkers that take the public key for a shared secret.
                parts = ({"alg": "HS256", "kid": str(self.key.kid)}, claims)
                signed = ".".join(_b64(json.dumps(part).encode()) for part in parts)
                shared = self.key.as_pem(private=False)
                return f"{signed}.{_b64(hmac.digest(shared, signed.encode(), 'sha256'))}"
        return jwt.encode({"alg": "RS256", "kid": self.key.kid}, claims, self.key)

    async def describe(self, _request: web.Request) -> web.Response:
        """Discovery."""
        return web.json_response(
            {
                "issuer": self.issuer,
                "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token",
                "jwks_uri": f"{self.issuer}/keys",
                "token_endpoint_auth_methods_supported": ["client_secret_basic"],
            }
        )

    async def keys(self, _request: web.Request) -> web.Response:
        """Public keys, and one of a kind that nobody here knows."""
        return web.json_response({"keys": [{"kty": "NEW", "kid": "x"}, self.key.as_dict(private=False)]})

    async def authorize(self, request: web.Request) -> web.Response:
        """The person is logged in and sent back."""
        query = dict(request.query)
        right = (
            query.get("client_id") == CLIENT
            and query.get("redirect_uri") == self.back
            and query.get("response_type") == "code"
            and query.get("code_challenge_method") == "S256"
            and "openid" in query.get("scope", "").split()
        )
        if not right:
            return web.Response(status=400, text="bad request")
        answer = {"state": query["state"], "iss": self.issuer}
        if self.next["error"]:
            answer["error"] = self.next["error"]
        else:
            answer["code"] = secrets.token_urlsafe(16)
            self.codes[answer["code"]] = query
        return web.Response(status=302, headers={"Location": f"{self.back}?{urlencode(answer)}"})

    async def exchange(self, request: web.Request) -> web.Response:
        """A code for a token, once."""
        form = await request.post()
        asked = self.codes.pop(str(form.get("code")), None)
        header = request.headers.get("Authorization", "")
        challenge = _b64(hashlib.sha256(str(form.get("code_verifier")).encode()).digest())
        pair = f"{quote(CLIENT, safe='')}:{quote(SECRET, safe='')}"
        if header != "Basic " + base64.b64encode(pair.encode()).decode():
            return web.json_response({"error": "invalid_client"}, status=401)
        if asked is None or form.get("redirect_uri") != self.back or asked["code_challenge"] != challenge:
            return web.json_response({"error": "invalid_grant"}, status=400)
        return web.json_response({"token_type": "Bearer", "access_token": "x", "id_token": self.token(asked["nonce"])})

    async def set_next(self, request: web.Request) -> web.Response:
        """What the tokens to come say."""
        self.next = {**PLAIN, **await request.json()}
        return web.Response()

    async def new_key(self, _request: web.Request) -> web.Response:
        """The provider changes its key."""
        self.rotate()
        return web.Response()


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def main(port: int, back: str) -> None:
    """Serves on loopback until killed."""
    provider = Provider(f"http://127.0.0.1:{port}", back)
    app = web.Application()
    app.add_routes(
        [
            web.get("/.well-known/openid-configuration", provider.describe),
            web.get("/keys", provider.keys),
            web.get("/authorize", provider.authorize),
            web.post("/token", provider.exchange),
            web.post("/next", provider.set_next),
            web.post("/rotate", provider.new_key),
        ]
    )
    web.run_app(app, host="127.0.0.1", port=port, print=None)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
