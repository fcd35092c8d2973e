"""The list of experiments finds them by words and tags, and shows the archived ones apart."""

import re

import pytest
from django.utils.timezone import now

from studio.models import Role
from tests.factories import make_experiment, make_member

AJAX = {"HX-Request": "true"}


@pytest.fixture
def member(db):
    return make_member()


@pytest.fixture
def page(client, member):
    client.force_login(member.user)
    return client


def make(member, name, *, archived=False, **fields):
    experiment = make_experiment(workspace=member.workspace, name=name)
    for key, value in fields.items():
        setattr(experiment, key, value)
    experiment.archived_at = now() if archived else None
    experiment.save()
    return experiment


def shown(page, member, **query):
    reply = page.get(f"/w/{member.workspace.name}/experiments/", query)
    assert reply.status_code == 200
    return re.findall(r'<a class="name"[^>]*>([^<]*)</a>', reply.content.decode())


def text_of(reply):
    return " ".join(reply.content.decode().split())


def test_words_and_tags_narrow_it(page, member):
    make(member, "digits", description="hand-written Ziffern", tags={"team": "vision"})
    make(member, "words", tags={"team": "speech", "draft": ""})
    assert shown(page, member) == ["words", "digits"]
    assert shown(page, member, q="ziffern") == shown(page, member, q="VISION") == ["digits"]
    assert shown(page, member, tag="team=speech") == shown(page, member, tag="draft") == ["words"]
    assert shown(page, member, q="digits", tag="team") == ["digits"]
    assert shown(page, member, q="digits words") == []
    text = text_of(page.get(f"/w/{member.workspace.name}/experiments/", {"tag": "team=none"}))
    assert "No experiment fits" in text and 'value="team=none"' in text


def test_archived_ones_are_apart_and_in_no_choice(page, member):
    make(member, "old", archived=True, tags={"team": "vision"})
    make(member, "new")
    assert shown(page, member) == ["new"]
    assert shown(page, member, archived="1") == ["old"]
    assert shown(page, member, archived="1", tag="team") == ["old"]
    place = f"/w/{member.workspace.name}"
    assert "old" not in re.findall(
        r'<option value="([^"]*)"', text_of(page.get(f"{place}/new-run/"))
    )
    assert "/experiments/old/" not in text_of(page.get(f"{place}/_find/", {"q": "old"}))
    assert "/experiments/new/" in text_of(page.get(f"{place}/_find/", {"q": "new"}))


def test_a_tag_with_quotes_in_its_name_is_found(page, member):
    for tag in ('the "good" one', '"'):
        make(member, f"quoted-{len(tag)}", tags={tag: "yes"})
        assert shown(page, member, tag=f"{tag}=yes") == shown(page, member, tag=tag)
        assert shown(page, member, tag=f"{tag}=yes") == [f"quoted-{len(tag)}"]
        assert not shown(page, member, tag=f"{tag}=no")


def test_a_tag_leads_to_the_others_that_have_it_and_says_what_it_is(page, member):
    make(member, "digits", tags={"a&b": 'x="<1>"', "t1": "", "t2": "", "t3": "", "t4": ""})
    text = text_of(page.get(f"/w/{member.workspace.name}/experiments/"))
    links = re.findall(r'<a class="tag" href="([^"]*)"', text)
    found = next(link for link in links if "=a" in link).replace("&amp;", "&")
    reply = page.get(f"/w/{member.workspace.name}/experiments/{found}")
    assert reply.context["tag"] == 'a&b=x="<1>"' and "digits" in text_of(reply)
    assert "a&amp;b=x=&quot;&lt;1&gt;&quot;" in text and "<1>" not in text
    assert ">+2<" in text  # of five tags three stand in the row


def test_the_next_page_keeps_what_was_asked(page, member, monkeypatch):
    for number in range(51):
        make(member, f"e{number:02}", tags={"team": "vision"})
    reply = page.get(f"/w/{member.workspace.name}/experiments/", {"tag": "team=vision", "q": "e"})
    following = re.search(r'href="\?([^"]*cursor=[^"]*)"', text_of(reply))[1].replace("&amp;", "&")
    assert following.startswith("q=e&tag=team%3Dvision&cursor=")
    assert "e00" in text_of(page.get(f"/w/{member.workspace.name}/experiments/?{following}"))


def test_a_fragment_is_the_table_alone(page, member):
    make(member, "digits")
    part = text_of(page.get(f"/w/{member.workspace.name}/experiments/", headers=AJAX))
    assert "<html" not in part and part.startswith('<div id="experiments"')


def test_no_address_breaks_it(page, member):
    make(member, "digits")
    odd = [f"tag={'x' * 3000}", f"q={'x' * 3000}", "tag==", "q=%22%5C%25", "archived=x"]
    home = f"/w/{member.workspace.name}/experiments/"
    assert {page.get(f"{home}?{query}").status_code for query in odd} == {200}


def test_its_own_page_says_what_is_written_and_that_it_is_archived(page, member):
    make(member, "digits", description="two <lines>", tags={"team": "vision"}, archived=True)
    home = f"/w/{member.workspace.name}/experiments/digits/"
    text = text_of(page.get(home))
    assert "two &lt;lines&gt;" in text and 'data-removes-tag="team"' in text
    assert 'data-archives="restore"' in text and "a new run brings it back" in text
    part = text_of(page.get(home, headers=AJAX))
    assert '<span id="archived" data-part><span class="tag">archived</span>' in part
    assert "team=vision" in text_of(page.get(f"{home}_about/", headers=AJAX))


def test_a_stranger_sees_none_of_it_and_a_reader_no_buttons(client, member):
    make(member, "digits", description="secret words")
    home = f"/w/{member.workspace.name}/experiments/"
    client.force_login(make_member().user)
    for address in (home, f"{home}digits/", f"{home}digits/_about/"):
        assert client.get(address).status_code == 404
    reader = make_member(workspace=member.workspace, role=Role.READER)
    client.force_login(reader.user)
    assert '<body class="reader"' in text_of(client.get(f"{home}digits/"))
