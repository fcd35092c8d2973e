"""Lists of environments: the newest of each, a page at a time, what is archived apart."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from registry import environments

pytestmark = pytest.mark.django_db


def test_the_list_holds_the_newest_of_own_and_curated_and_of_nobody_else(lab, elsewhere):
    environments.load_catalog()
    lab.add("train", "six")
    lab.add("train", "numpy")
    elsewhere.add("theirs")
    items = {item["name"]: item for item in lab.get().json()["items"]}
    assert items["train"]["version"] == 2
    assert (items["train"]["curated"], items["train"]["archived"]) == (False, False)
    assert (items["train"]["image"], items["train"]["builds"]) == (None, {})
    assert items["AzureML-Minimal"]["curated"]
    assert items["AzureML-Minimal"]["created_by"] is None
    assert "theirs" not in items


def test_lists_are_paged_and_ask_no_more_of_the_database_for_more_rows(lab):
    for number in range(60):
        lab.add(f"env{number:02}")
    lab.add("other", "numpy")
    first = lab.get().json()
    rest = lab.get(cursor=first["next"]).json()
    assert [len(page["items"]) for page in (first, rest)] == [50, 11]
    assert rest["next"] is None
    with CaptureQueriesContext(connection) as many:
        lab.get()
    with CaptureQueriesContext(connection) as few:
        lab.get(cursor=first["next"])
    assert len(many) == len(few) <= 6
    assert lab.get(cursor="x").status_code == 400


def test_the_versions_of_one_are_paged_as_well(lab):
    for number in range(55):
        lab.add("train", f"six=={number}")
    first = lab.get("/train/versions").json()
    assert first["items"][0]["version"] == 55
    rest = lab.get("/train/versions", cursor=first["next"]).json()
    assert [item["version"] for item in rest["items"]] == [5, 4, 3, 2, 1]


def test_an_archived_one_is_out_of_the_lists_and_still_there_by_name(lab):
    lab.add("old")
    lab.add("new")
    reply = lab.patch("/old", {"archived": True})
    assert (reply.status_code, reply.json()["archived"]) == (200, True)
    assert lab.names() == ["new"]
    assert lab.names(archived=1) == ["old"]
    assert lab.get("/old").json()["version"] == 1
    lab.patch("/old", {"archived": False})
    assert lab.names() == ["new", "old"]


def test_registering_under_an_archived_name_brings_it_back(lab):
    lab.add("old")
    lab.patch("/old", {"archived": True})
    assert lab.add("old", "numpy").json()["version"] == 2
    assert lab.names() == ["old"]


def test_what_is_not_there_is_answered_with_what_is(lab):
    lab.add("train")
    missing = lab.get("/nope")
    assert missing.status_code == 404
    assert 'no environment "nope"' in missing.json()["error"]["message"]
    assert "environments: train" in missing.json()["error"]["message"]
    assert (
        "has no version 7; the newest is 1"
        in lab.get("/train", version=7).json()["error"]["message"]
    )
    assert lab.get("/train", version="new").status_code == 400


def test_a_reader_reads_and_changes_nothing_and_a_stranger_sees_nothing(lab, reader, elsewhere):
    lab.add("train")
    assert reader.get("/train").json()["version"] == 1
    assert reader.check(pip="six")["problem"] is None
    assert reader.add("mine").status_code == 403
    assert reader.patch("/train", {"archived": True}).status_code == 403
    assert reader.patch("/train/versions/1", {"description": "x"}).status_code == 403
    assert reader.post("/train/versions/1/update").status_code == 403
    assert elsewhere.api.get(lab.path("/train")).status_code == 404
    assert elsewhere.get("/train").status_code == 404
