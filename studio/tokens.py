"""Bearer tokens: made once, shown once, kept as a hash, found again by it."""

import hashlib
import json
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Q
from django.db.models.functions import Coalesce
from django.utils.timezone import now as clock

from studio.errors import NotSignedIn
from studio.models import Token, TokenKind, User, Workspace

# `last_used_at` is written at most this often: a heartbeat a second is not a write a second.
USED_EVERY = timedelta(minutes=5)


def issue(
    user: User,
    workspace: Workspace,
    *,
    name: str,
    kind: TokenKind = TokenKind.PERSONAL,
    subject: str = "",
    expires_at: datetime | None = None,
) -> tuple[Token, str]:
    """Make a token of `user` in `workspace`. Returns the row and the secret, shown only now."""
    secret = f"ty_{secrets.token_urlsafe(32)}"
    token = Token.objects.create(
        kind=kind,
        user=user,
        workspace=workspace,
        name=name,
        subject=subject,
        secret_sha256=_digest(secret),
        hint=secret[:8],
        expires_at=expires_at,
    )
    return token, secret


def find(secret: str, now: datetime | None = None) -> Token:
    """Return the token of `secret`. Raises NotSignedIn when nobody knows it or its time is over."""
    found = find_all([secret], now)[secret]
    if isinstance(found, NotSignedIn):
        raise found
    return found


def find_all(many: Iterable[str], now: datetime | None = None) -> dict[str, Token | NotSignedIn]:
    """Return by each secret its token, or why it is none, in one query."""
    now = now or clock()
    digests = {secret: _digest(secret) for secret in many}
    rows = Token.objects.select_related("user", "workspace")
    known = {row.secret_sha256: row for row in rows.filter(secret_sha256__in=digests.values())}
    return {secret: _valid(known.get(digest), now) for secret, digest in digests.items()}


def _valid(token: Token | None, now: datetime) -> Token | NotSignedIn:
    way_out = "make a new one on the Settings page or with `python manage.py sdk_config FOLDER`"
    if token is None or not token.user.is_active:
        return NotSignedIn(f"this token is not known here (it may have been revoked); {way_out}")
    if token.expires_at and token.expires_at <= now:
        when = f"{token.expires_at:%Y-%m-%d %H:%M} UTC"
        return NotSignedIn(f'token "{token.name}" ({token.hint}…) expired at {when}; {way_out}')
    if token.last_used_at is None or now - token.last_used_at > USED_EVERY:
        Token.objects.filter(pk=token.pk).update(last_used_at=now)
    return token


def config_json(workspace_name: str, secret: str) -> str:
    """Return the text of a config.json: where the studio is, which workspace, by which token.

    Readable by the v1 SDK too, which ignores the key it does not know.
    """
    words = {
        "subscription_id": "trainyard",
        "resource_group": "trainyard",
        "workspace_name": workspace_name,
        "trainyard": {"url": settings.URL, "token": secret},
    }
    return json.dumps(words, indent=4) + "\n"


def revoke(kind: TokenKind, subject: str) -> None:
    """Forget every token of `kind` that was issued for `subject`."""
    Token.objects.filter(kind=kind, subject=subject).delete()


def revoke_named(kind: TokenKind, workspace: Workspace, name: str) -> None:
    """Forget every token of `kind` in a workspace that has this name."""
    Token.objects.filter(kind=kind, workspace=workspace, name=name).delete()


def keep_latest(token: Token, most: int) -> None:
    """Of the tokens that `token` is one of (same kind, subject, name, user) forget all but `most`.

    Those stay that were used, or made, last, and `token` itself.
    """
    same = Token.objects.filter(
        kind=token.kind, subject=token.subject, name=token.name, user=token.user
    ).exclude(pk=token.pk)
    by_use = same.order_by(Coalesce("last_used_at", "created_at").desc(), "-pk")
    older = list(by_use.values_list("pk", flat=True)[most - 1 :])
    Token.objects.filter(pk__in=older).delete()


def is_there(token: Token) -> bool:
    """Is a token good still? Within a transaction nobody revokes it until that has ended."""
    return bool(Token.objects.select_for_update().filter(pk=token.pk).values_list("pk"))


def forget_expired(now: datetime) -> int:
    """Delete tokens that expired over a month ago; until then the error can say that they did."""
    gone, _ = Token.objects.filter(
        Q(expires_at__lt=now - timedelta(days=30)) & Q(expires_at__isnull=False)
    ).delete()
    return gone


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
