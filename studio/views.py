"""The studio's own pages: signing in and out, home, settings, and what shows when nothing does."""

from datetime import timedelta

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login, logout, update_session_auth_hash
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.timezone import now as clock
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from studio import forms, sign_in_links, tokens, wheel, workspaces
from studio.access import home_workspace, owns, person, workspace_for, workspaces_of
from studio.errors import BadInput, NotFound, unforeseen
from studio.middleware import error_page, request_id
from studio.models import Member, Token, TokenKind, Workspace
from studio.pages import is_fragment

MODEL_BACKEND = "django.contrib.auth.backends.ModelBackend"
CONFIG_DAYS = 365

sign_in = LoginView.as_view(
    template_name="studio/sign-in.html",
    authentication_form=forms.SignIn,
    redirect_authenticated_user=True,
)


@never_cache
def sign_in_link(request: HttpRequest, uid: str, token: str) -> HttpResponseBase:
    """Sign in by a one-time link. Only the button does it: a preview of the link burns nothing."""
    user = sign_in_links.user_of(uid, token)
    if user is None:
        return render(request, "studio/link-over.html", status=404)
    if request.method != "POST":
        return render(request, "studio/link.html", {"who": user})
    login(request, user, backend=MODEL_BACKEND)
    request.session[forms.CAME_BY_LINK] = True
    return redirect(f"{reverse('studio:settings')}#password")


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    logout(request)
    return redirect("studio:sign-in")


@login_required
def home(request: HttpRequest) -> HttpResponse:
    """What is going on; its tables are fragments of the apps that know."""
    name = request.GET.get("workspace")
    workspace = workspace_for(request.user, name) if name else home_workspace(request.user)
    return render(request, "studio/home.html", {"workspace": workspace})


@login_required
def settings_page(request: HttpRequest) -> HttpResponse:
    return _settings(request)


def _settings(request: HttpRequest, **shown: object) -> HttpResponse:
    """The Settings page; `shown` holds a form with its errors, or a new token's secret."""
    place = _shown_workspace(request)
    facts = {
        "workspace": place,
        "owns_workspace": place is not None and owns(request.user, place),
        "workspace_form": forms.WorkspaceWords(initial=_words_of(place)),
        "password_form": forms.password_form(request),
        "profile_form": forms.Profile(instance=request.user),
        "token_form": forms.NewToken(),
        "tokens": _tokens_of(request),
        "url": settings.URL,
        "install": wheel.commands(settings.URL),
        "now": clock(),
        "memberships": Member.objects.filter(user=person(request.user)).select_related("workspace"),
    }
    return render(request, "studio/settings.html", facts | shown)


def _shown_workspace(request: HttpRequest) -> Workspace | None:
    """The workspace that Settings show: the one that is named, or the first of the person's."""
    name = request.GET.get("workspace") or request.POST.get("workspace")
    return workspace_for(request.user, name) if name else workspaces_of(request.user).first()


def _words_of(workspace: Workspace | None) -> dict[str, str]:
    if workspace is None:
        return {}
    return {"friendly_name": workspace.friendly_name, "description": workspace.description}


@require_POST
@login_required
def workspace_words(request: HttpRequest) -> HttpResponse:
    """Change what is written on a workspace: its words and new tags, or `untag` one tag."""
    place = workspace_for(request.user, request.POST.get("workspace", ""), own=True)
    gone = request.POST.get("untag")
    form = forms.WorkspaceWords(request.POST)
    if gone is not None:
        workspaces.describe(place, tags={gone: None})
    elif not form.is_valid():
        return _settings(request, workspace_form=form)
    else:
        try:
            workspaces.describe(place, **form.cleaned_data)
        except BadInput as refusal:
            form.add_error(None, refusal.message)
            return _settings(request, workspace_form=form)
        messages.success(request, "What is written on the workspace is saved.")
    return redirect(f"{reverse('studio:settings')}?workspace={place.name}#workspace")


def _tokens_of(request: HttpRequest) -> list[Token]:
    mine = Token.objects.filter(user=person(request.user), kind=TokenKind.PERSONAL)
    return list(mine.select_related("workspace"))


@require_POST
@login_required
def profile(request: HttpRequest) -> HttpResponse:
    form = forms.Profile(request.POST, instance=request.user)
    if not form.is_valid():
        person(request.user).refresh_from_db()
        return _settings(request, profile_form=form)
    form.save()
    messages.success(request, "Your profile is saved.")
    return redirect("studio:settings")


@require_POST
@login_required
def password(request: HttpRequest) -> HttpResponse:
    form = forms.password_form(request)
    if not form.is_valid():
        return _settings(request, password_form=form)
    form.save()
    request.session.pop(forms.CAME_BY_LINK, None)
    update_session_auth_hash(request, form.user)
    messages.success(request, "Your password is set. You sign in with it from now on.")
    return redirect("studio:settings")


@require_POST
@login_required
def tokens_made(request: HttpRequest) -> HttpResponse:
    """Make a personal token. Its secret is in this answer only."""
    form = forms.NewToken(request.POST)
    secret = None
    if form.is_valid():
        _, secret = tokens.issue(
            person(request.user),
            _chosen_workspace(request),
            name=form.cleaned_data["name"],
            expires_at=form.expires_at(),
        )
        form = forms.NewToken()
    return _tokens(request, token_form=form, secret=secret)


@require_POST
@login_required
def token_deleted(request: HttpRequest, token_id: int) -> HttpResponse:
    gone, _ = Token.objects.filter(
        pk=token_id, user=person(request.user), kind=TokenKind.PERSONAL
    ).delete()
    if not gone:
        raise NotFound("this token is not yours, or is revoked already; reload the page")
    return _tokens(request, token_form=forms.NewToken())


def _tokens(request: HttpRequest, **shown: object) -> HttpResponse:
    if not is_fragment(request):
        return _settings(request, **shown)
    facts = {
        "tokens": _tokens_of(request),
        "now": clock(),
        "workspace": _chosen_workspace(request),
    }
    response = render(request, "studio/_tokens.html", facts | shown)
    response["Cache-Control"] = "no-store"
    return response


def _chosen_workspace(request: HttpRequest) -> Workspace:
    name = request.POST.get("workspace")
    return workspace_for(request.user, name) if name else home_workspace(request.user)


@require_POST
@login_required
def config(request: HttpRequest) -> HttpResponse:
    """Download a config.json with a new personal token, for scripts on another machine."""
    workspace = _chosen_workspace(request)
    _, secret = tokens.issue(
        person(request.user),
        workspace,
        name=f"config.json of {clock():%Y-%m-%d}",
        expires_at=clock() + timedelta(days=CONFIG_DAYS),
    )
    return HttpResponse(
        tokens.config_json(workspace.name, secret),
        content_type="application/json",
        headers={
            "Content-Disposition": 'attachment; filename="config.json"',
            "Cache-Control": "no-store",
        },
    )


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    if request.path.startswith("/api/"):
        error = NotFound(f"there is nothing at {request.path}; the calls are at /api/v1/docs/")
        return JsonResponse({"error": error.as_dict()}, status=404)
    if not request.user.is_authenticated:
        return redirect("studio:sign-in")
    return error_page(request, NotFound(f"there is nothing at {request.path}"))


def server_error(request: HttpRequest) -> HttpResponse:
    """What nobody foresaw: the log has the rest under the request's id."""
    if request.path.startswith("/api/"):
        return JsonResponse({"error": unforeseen().as_dict()}, status=500)
    return render(request, "500.html", {"request_id": request_id.get()}, status=500)
