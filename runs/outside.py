"""Who logs to a run from outside: a step to its pipeline run, a notebook to what it submitted.

Each process does so by a token of its own, which brings points and files to that run and may do
nothing else. It ends with the run, and where a run's script asked for it, with that run, too.
"""

import hashlib
from datetime import timedelta

from django.db import transaction
from django.utils.timezone import now as clock

from runs.models import Run
from runs.states import FINAL
from studio import tokens
from studio.errors import Conflict, NotSignedIn
from studio.models import Token, TokenKind, User

TOKEN_DAYS = 60  # it ends with the run; this is for one whose end nobody could see
MOST_TOKENS = 100  # processes of one person, or of one run's script, that log to a run at a time
MOST_NAME = 100
OF_PERSON = "logging"


def token_for(run: Run, user: User, *, by: Token | None = None) -> str:
    """Return the secret of a token that logs to `run`.

    user: who asks; by: the run's token that they ask with, None for a person.
    Raises Conflict for a run that has ended, NotSignedIn where `by` was revoked meanwhile.
    """
    with transaction.atomic():
        # Under the lock of its row: whoever ends it takes this token, too.
        there = Run.objects.filter(pk=run.pk).exclude(state__in=FINAL)
        if not there.select_for_update().values_list("pk"):
            run.refresh_from_db(fields=["state"])
            raise Conflict(
                f"run {run.run_id} has ended as {run.state} and takes no more metrics; log before"
                " its end, or to a run that goes on. upload_file, tags and properties are taken of"
                " an ended run, too"
            )
        if by is not None and not tokens.is_there(by):
            raise NotSignedIn("the run that asks has ended, or was started again")
        token, secret = tokens.issue(
            user,
            run.workspace,
            name=OF_PERSON if by is None else _name(by.subject),
            kind=TokenKind.LOG,
            subject=run.run_id,
            expires_at=clock() + timedelta(days=TOKEN_DAYS),
        )
        tokens.keep_latest(token, MOST_TOKENS)
    return secret


def revoke_of(run: Run) -> None:
    """Forget the tokens by which the script of `run` logs to other runs."""
    tokens.revoke_named(TokenKind.LOG, run.workspace, _name(run.run_id))


def _name(run_id: str) -> str:
    """What the tokens are called that a run's script asks for; an id may be longer than a name."""
    name = f"{OF_PERSON} by {run_id}"
    if len(name) > MOST_NAME:
        name = f"{OF_PERSON} by {hashlib.sha256(run_id.encode()).hexdigest()}"
    return name
