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
LOGGERS = (TokenKind.RUN, TokenKind.LOG)


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


class ByPersonOrRun(BasePermission):
    """A person, or a run about itself: the view compares `subject`."""

    def has_permission(self, request: Request, view: Any) -> bool:
        if not request.user:
            raise NotSignedIn("sign in, or send a token: Authorization: Bearer <token>")
        _refuse_logger(request)
        return True


class ByPerson(ByPersonOrRun):
    """A person's session or personal token; a run's token may not."""

    def has_permission(self, request: Request, view: Any) -> bool:
        super().has_permission(request, view)
        if subject_of(request) is not None:
            raise NotAllowed("a run's own token may not do this; use a personal token")
        return True


class ByRun(BasePermission):
    """A run's own token only."""

    def has_permission(self, request: Request, view: Any) -> bool:
        if not request.user:
            raise NotSignedIn("send the run's token: Authorization: Bearer <token>")
        _refuse_logger(request)
        if subject_of(request) is None:
            raise NotAllowed(RUN_ONLY)
        return True


class ByRunOrLogger(ByRun):
    """A run's own token; to write, also one that only logs to it: the view asks `logged_to`."""

    def has_permission(self, request: Request, view: Any) -> bool:
        if request.method in ("POST", "PUT") and logged_to(request) is not None:
            return True
        return super().has_permission(request, view)


def _subject(request: Request, *kinds: TokenKind) -> str | None:
    """The run that the token which was sent names; None where it is of none of these kinds."""
    token: Any = request.auth
    return token.subject if isinstance(token, Token) and token.kind in kinds else None


def _refuse_logger(request: Request) -> None:
    if (run_id := _subject(request, TokenKind.LOG)) is not None:
        raise NotAllowed(f"this token brings metrics and files to run {run_id}, and nothing else")


def user_of(request: Request) -> User:
    """Return who asks; a permission class has seen to it that somebody does."""
    return person(request.user)


def subject_of(request: Request) -> str | None:
    """Return the run that a run's token speaks for; None for a person."""
    return _subject(request, TokenKind.RUN)


def logged_to(request: Request) -> str | None:
    """Return the run that a token may bring points and files to; None for a person."""
    return _subject(request, *LOGGERS)


def workspace_limit(request: Request) -> int | None:
    """Return the workspace id that a token is limited to; None for a session."""
    return request.auth.workspace_id if isinstance(request.auth, Token) else None
