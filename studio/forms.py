"""What people fill in on the Settings page."""

from datetime import datetime, timedelta

from django import forms
from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm, SetPasswordForm
from django.http import HttpRequest
from django.utils.timezone import now as clock

from studio import marks, workspaces
from studio.access import person
from studio.models import User

# Set when a person came by a one-time link: whoever lost the password cannot say the old one.
CAME_BY_LINK = "came-by-link"
DAYS = [(30, "30 days"), (90, "90 days"), (365, "1 year"), (0, "until revoked")]


class SignIn(AuthenticationForm):
    error_messages = {
        **AuthenticationForm.error_messages,
        "invalid_login": "This name and password do not belong together. Both count upper and"
        " lower case. Who lost the password gets a one-time link from"
        " python manage.py sign_in_link NAME.",
    }


class Profile(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = User
        fields = ["first_name", "last_name", "email"]


class WorkspaceWords(forms.Form):
    """What is written on a workspace; `tags` are those to add."""

    friendly_name = forms.CharField(
        max_length=workspaces.MOST_FRIENDLY_NAME, required=False, label="What people call it"
    )
    description = forms.CharField(
        max_length=workspaces.MOST_DESCRIPTION,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    tags = forms.CharField(
        required=False,
        label="Tags to add",
        widget=forms.TextInput(attrs={"placeholder": "team=vision, draft", "autocomplete": "off"}),
    )

    def clean_tags(self) -> dict[str, str]:
        """Read "team=vision, draft" as names and texts."""
        pairs = marks.pairs_in(self.cleaned_data["tags"].split(","))
        return {name: text or "" for name, text in pairs.items()}


class NewToken(forms.Form):
    name = forms.CharField(max_length=100, label="What is it for?")
    days = forms.TypedChoiceField(choices=DAYS, coerce=int, initial=365, label="Good for")

    def expires_at(self) -> datetime | None:
        """When the token ends; None for one that lasts until it is revoked."""
        days = self.cleaned_data["days"]
        return clock() + timedelta(days=days) if days else None


def password_form(request: HttpRequest) -> "SetPasswordForm[User]":
    """Return the form that sets a password, filled from a POST.

    It asks for the old password unless there is none, or the person came by a one-time link.
    """
    user = person(request.user)
    data = request.POST if request.method == "POST" else None
    may_set = not user.has_usable_password() or request.session.get(CAME_BY_LINK)
    form: SetPasswordForm[User]
    form = SetPasswordForm(user, data) if may_set else PasswordChangeForm(user, data)
    for field in form.fields.values():
        # It is one of several forms of its page: nobody came to type here first.
        field.widget.attrs.pop("autofocus", None)
    return form
