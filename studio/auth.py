"""Who asks: a bearer token (SDK, driver) or a browser's session."""

from typing import Any

from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from studio import tokens
from studio.access import person
from studio.errors import NotAllowed, NotSignedIn
from studio.models import Token, TokenKind, User

RUN_ONLY = "only the run itself may do this, by its own token"


class BearerToken(BaseAuthentication):
    """`Authorization: Bearer ty_…`; request.auth is the Token."""

    def authenticate(self, request: Request) -> tuple[User, Token] | None:
        header = request.headers.get("Authorization", "")
        if not header:
            return None
        scheme, _, secret = header.partition(" ")
        if scheme.lower() != "bearer" or not secret.strip():
            raise NotSignedIn('the Authorization header must read "Bearer <token>"')
        token = tokens.find(secret.strip())
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


class BrowserSession(SessionAuthentication):
    """The browser's session, with CSRF."""


class ByPerson(BasePermission):
    """A person's session or personal token; a run's token may not."""

    def has_permission(self, request: Request, view: Any) -> bool:
        if not request.user:
            raise NotSignedIn("sign in, or send a token: Authorization: Bearer <token>")
        if isinstance(request.auth, Token) and request.auth.kind == TokenKind.RUN:
            raise NotAllowed("a run's own token may not do this; use a personal token")
        return True


class ByPersonOrRun(BasePermission):
    """A person, or a run about itself: the view compares `subject`."""

    def has_permission(self, request: Request, view: Any) -> bool:
        if not request.user:
            raise NotSignedIn("sign in, or send a token: Authorization: Bearer <token>")
        return True


class ByRun(BasePermission):
    """A run's own token only."""

    def has_permission(self, request: Request, view: Any) -> bool:
        if not request.user:
            raise NotSignedIn("send the run's token: Authorization: Bearer <token>")
        if not isinstance(request.auth, Token) or request.auth.kind != TokenKind.RUN:
            raise NotAllowed(RUN_ONLY)
        return True


def user_of(request: Request) -> User:
    """Return who asks; a permission class has seen to it that somebody does."""
    return person(request.user)


def subject_of(request: Request) -> str | None:
    """Return the run that a run's token speaks for; None for a person."""
    token: Any = request.auth
    if isinstance(token, Token) and token.kind == TokenKind.RUN:
        return token.subject
    return None


def workspace_limit(request: Request) -> int | None:
    """Return the workspace id that a token is limited to; None for a session."""
    return request.auth.workspace_id if isinstance(request.auth, Token) else None
