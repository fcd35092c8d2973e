"""What the pages of environments show and refuse; what happens on them is in tests/browser."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from compute import images, recipes
from compute.models import ImageBuild
from compute.states import BuildState, ImageKind
from registry import environments
from studio.models import Role
from tests.factories import AT, make_environment, make_experiment, make_member, make_run


@pytest.fixture
def member(db):
    return make_member()


@pytest.fixture
def show(member, as_user):
    """Return the page below /w/<workspace>/ as its text; `status` is what it must answer."""
    client = as_user(member.user)

    def get(path, status=200, **headers):
        reply = client.get(f"/w/{member.workspace.name}/{path}", headers=headers)
        assert reply.status_code == status, reply.content[:2000]
        return reply.content.decode()

    return get


def register(member, name="digits", **definition):
    place, user = member.workspace, member.user
    definition = definition or {"pip": "six\nnumpy==99.0\n"}
    return environments.register(place, user, name=name, definition=definition)


def built(version, state=BuildState.READY, **fields):
    """The row of a build that has ended; what a builder does is tested with real ones."""
    recipe = recipes.from_definition(version.environment.definition)
    row = images.ensure(recipe)
    ImageBuild.objects.filter(pk=row.pk).update(state=state, started_at=AT, ended_at=AT, **fields)
    return row


def test_the_list_has_the_own_first_then_the_curated_and_finds_by_package(member, show):
    environments.load_catalog()
    register(member, "mine", pip="polars\n")
    text = show("environments/")
    assert text.index(">mine<") < text.index(">Curated<") < text.index("AzureML-Minimal")
    found = show("environments/?q=polars")
    assert ">mine<" in found and "AzureML-Minimal" not in found
    assert "None here holds" in show("environments/?q=no-such-thing")


def test_the_archived_are_listed_on_their_own(member, show):
    version = register(member, "old")
    environments.archive(version.asset, True)
    assert ">old<" not in show("environments/")
    assert ">old<" in show("environments/?archived=1")
    assert "archived" in show("environments/old/")


def test_two_hundred_are_paged_and_cost_as_many_queries_as_two(member, show):
    def queries():
        with CaptureQueriesContext(
            connection,
        ) as asked:
            show("environments/")
        return len(asked)

    for number in range(2):
        register(member, f"few{number}", pip=f"six=={number}\n")
    few = queries()
    for number in range(200):
        register(member, f"many{number:03}", pip=f"six=={number}\n")
    assert queries() <= few
    text = show("environments/")
    assert text.count('<tr data-key="') == 50 and "cursor=" in text


def test_a_thousand_packages_are_one_table(member, show):
    version = register(member)
    pins = "".join(f"package{n}==1.{n} \\\n    --hash=sha256:{n:064x}\n" for n in range(1000))
    built(version, lock=f"# python 3.11.7\n# platform linux x86_64 glibc\n{pins}")
    text = show("environments/digits/?tab=packages")
    assert text.count('<tr data-key="') == 1000
    assert "sha256" not in text
    lock = show(f"environments/digits/{version.number}/local/lock")
    assert lock.count("--hash=sha256:") == 1000


def test_a_failed_build_marks_its_line_and_offers_the_way_on(member, show):
    version = register(member)
    built(version, BuildState.FAILED, error="there is no such version", guilty="numpy==99.0")
    text = show("environments/digits/")
    assert '<span class="bad">numpy==99.0' in text
    assert "there is no such version" in text
    assert "from=digits:1&amp;retry=local" in text
    editor = show("new-environment/?from=digits:1&retry=local")
    assert '"lines": {"pip": [2]}' in editor
    assert "there is no such version" in editor


@pytest.mark.parametrize("tab", ["definition", "packages", "build", "dockerfile", "versions"])
@pytest.mark.parametrize(
    "definition",
    [
        {"conda": "dependencies:\n  - numpy\n", "variables": {"A": "1"}},
        {"pip": ""},
        {"packages": {"conda": ["numpy"], "pip": ["six"], "channels": []}, "python": "3.11"},
        {"base_image": "python:3.11-slim"},
        {"dockerfile": "FROM python:3.11-slim\n"},
    ],
    ids=lambda definition: next(iter(definition)),
)
def test_every_kind_of_definition_has_every_tab(member, show, tab, definition):
    register(member, **definition)
    assert "digits:1" in show(f"environments/digits/?tab={tab}")
    assert "digits:1" in show("new-environment/?from=digits:1")


def test_the_longest_name_is_shown(member, show):
    name = "n" * 255
    register(member, name)
    assert name in show("environments/") and name in show(f"environments/{name}/")


def test_text_is_shown_as_text(member, show):
    environments.register(
        member.workspace,
        member.user,
        name="odd",
        definition={"pip": "six # <script>alert(1)</script>\n"},
        description="<b>bold</b>",
        tags={"<i>": "</script>"},
    )
    for path in ("environments/odd/", "new-environment/?from=odd:1", "environments/"):
        text = show(path)
        assert "<script>alert" not in text and "<b>bold" not in text and "<i>=" not in text


def test_versions_of_different_environments_are_compared(member, show):
    built(register(member, "a", pip="six==1.0\n"), lock="# python 3.11.7\nsix==1.0\n")
    built(register(member, "b", pip="six==2.0\n"), lock="# python 3.11.7\nsix==2.0\nnew==1\n")
    text = show("compare-environments/?a=a:1&b=b:1")
    assert "+six==2.0" in text and "-six==1.0" in text
    assert text.index(">changed</span>") < text.index(">added</span>")
    register(member, "c")
    assert "not solved yet" in show("compare-environments/?a=a:1&b=c:1")
    assert "no environment" in show("compare-environments/?a=a:1&b=nothing:1")
    assert "no version 9" in show("compare-environments/?a=a:1&b=b:9")


def test_runs_that_used_a_version_are_listed_and_those_of_others_are_not(member, show):
    version = make_environment(workspace=member.workspace, name="digits")
    assert "No run has used it yet" in show("_used-by/digits/1/")
    run = make_run(experiment=make_experiment(workspace=member.workspace), environment=version)
    assert run.run_id in show("_used-by/digits/1/")
    environments.load_catalog()
    curated = environments.get(member.workspace, "AzureML-Minimal")
    other = make_run(environment=curated)
    assert other.run_id not in show("_used-by/AzureML-Minimal/1/")


def test_another_workspaces_environment_is_not_there(member, show, as_user):
    register(member)
    stranger = make_member()
    client = as_user(stranger.user)
    for path in (
        f"/w/{member.workspace.name}/environments/digits/",
        f"/w/{stranger.workspace.name}/environments/digits/",
        f"/w/{stranger.workspace.name}/environments/digits/1/local/log",
        f"/w/{stranger.workspace.name}/new-environment/?from=digits:1",
    ):
        assert client.get(path).status_code == 404, path


def test_a_name_says_what_it_will_become(member, show):
    environments.load_catalog()
    register(member)
    assert '"newest": 1' in show("new-environment/_name/?name=digits")
    assert '"newest": 0' in show("new-environment/_name/?name=unused")
    assert "kept" in show("new-environment/_name/?name=AzureML-Mine")
    assert "letters" in show("new-environment/_name/?name=a+b")


def test_the_image_of_docker_alone_is_not_offered_here(member, show):
    version = register(member, base_image="python:3.11-slim")
    text = show("environments/digits/?tab=build")
    assert "Only Docker can use it" in text
    show(f"environments/digits/{version.number}/{ImageKind.DOCKER}/log", status=404)


def test_who_wants_a_build_can_take_that_back_and_then_it_is_of_the_runs(member, show):
    version = register(member)
    row = images.ensure(recipes.from_definition(version.environment.definition))
    images.want(row)
    text = show("environments/digits/?tab=build")
    assert text.count('data-act="cancel"') == 2 and "Canceled when no run waits" not in text
    images.withdraw(row)
    text = show("environments/digits/?tab=build")
    assert 'data-act="cancel"' not in text and "Canceled when no run waits for it" in text


def test_both_images_that_failed_of_the_same_are_said_once(member, show):
    version = register(member, pip="needs-old\nsix==2\n")
    words = {"error": "six==2 and needs-old cannot be installed together", "guilty": "six==2"}
    built(version, BuildState.FAILED, **words)
    recipe = recipes.from_definition(version.environment.definition)
    docker = images.ensure(recipe, ImageKind.DOCKER)
    ImageBuild.objects.filter(pk=docker.pk).update(
        state=BuildState.FAILED, started_at=AT, ended_at=AT, **words
    )
    text = show("environments/digits/")
    assert text.count("could not be built") == 1
    assert "The local and the Docker images could not be built" in text
    assert "</b> because of" not in text


def test_packages_say_what_asked_for_them(member, show):
    version = register(member, pip="Scikit_Learn>=1\n")
    built(version, lock="# python 3.11.7\nscikit-learn==1.7\nscipy==1.17\n")
    text = show("environments/digits/?tab=packages")
    assert "Scikit_Learn&gt;=1" in text and text.count("needed by others") == 1
    assert "<th>Channel</th>" not in text
    assert "Python <b>3.11.7</b>" in text


def test_who_may_only_read_is_shown_no_way_to_change_things(member, as_user):
    make_environment(workspace=member.workspace, name="train")
    reader = make_member(workspace=member.workspace, role=Role.READER)
    path = f"/w/{member.workspace.name}/environments/train/"
    assert '<body class="reader"' in as_user(reader.user).get(path).content.decode()
    assert '<body class="reader"' not in as_user(member.user).get(path).content.decode()
