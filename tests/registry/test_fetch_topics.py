"""Who may listen to fetches and profiles: members of their workspace."""

import pytest

from registry import datasets, fetching, profiling
from runs import sockets
from tests.factories import make_member, make_tree

pytestmark = pytest.mark.django_db


def test_members_listen_to_a_fetch_and_strangers_do_not():
    member, stranger = make_member(), make_member()
    made = fetching.from_urls(member.workspace, member.user, ["http://example.org/x"], {})
    topic = f"fetch:{made.pk}"
    assert sockets.group_for(member.user, topic) == fetching.group(made)
    assert sockets.group_for(stranger.user, topic) is None
    for wrong in ("fetch:", "fetch:0", "fetch:x", f"fetch:{made.pk + 1}", f"fetch:{'9' * 30}"):
        assert sockets.group_for(member.user, wrong) is None


def test_members_listen_to_a_profile_and_strangers_do_not():
    member, stranger = make_member(), make_member()
    version, _ = datasets.register(
        member.workspace, member.user, name="t", tree=make_tree(), form="tabular"
    )
    topic = f"profile:{member.workspace.name}/t/1"
    assert sockets.group_for(member.user, topic) == profiling.group(version)
    assert sockets.group_for(stranger.user, topic) is None
    assert sockets.group_for(member.user, f"profile:{member.workspace.name}/t/2") is None
    assert sockets.group_for(member.user, f"profile:{member.workspace.name}/other/1") is None
