"""One-time links that sign a person in: for the first start, and for who forgot the password."""

from django.conf import settings
from django.contrib.auth.tokens import default_token_generator
from django.urls import reverse
from django.utils.encoding import force_bytes, force_str
from django.utils.http import urlsafe_base64_decode, urlsafe_base64_encode

from studio.models import User


def make(user: User) -> str:
    """Return a URL that signs `user` in once.

    It is good for PASSWORD_RESET_TIMEOUT seconds, and no longer once the user has signed in.
    """
    uid = urlsafe_base64_encode(force_bytes(user.pk))
    words = {"uid": uid, "token": default_token_generator.make_token(user)}
    return settings.URL + reverse("studio:sign-in-link", kwargs=words)


def user_of(uid: str, token: str) -> User | None:
    """Return whom the link signs in; None for a wrong, used or expired one."""
    try:
        user = User.objects.get(pk=force_str(urlsafe_base64_decode(uid)), is_active=True)
    except (User.DoesNotExist, ValueError, OverflowError, UnicodeDecodeError):
        return None
    return user if default_token_generator.check_token(user, token) else None
