"""A run's arguments are its parameters, and its tags are found, without a word of the user."""

import pytest

from runs import parameters, tables
from runs.models import Run, RunValue


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("--lr 0.1", {"lr": "0.1"}),
        ("--lr=0.1 -b 64", {"lr": "0.1", "b": "64"}),
        ("--fast --depth=3 --slow", {"fast": "true", "depth": "3", "slow": "true"}),
        ("--layers 64 64 --lr 1", {"layers": "64 64", "lr": "1"}),
        ("--epochs 3 data/train --lr 1", {"epochs": "3", "lr": "1"}),
        ("--shift -0.5 --low -1e-3 --inf -inf", {"shift": "-0.5", "low": "-1e-3", "inf": "-inf"}),
        ("--range -1 -.5", {"range": "-1 -.5"}),
        ("optimizer.lr=0.1 +trainer.epochs=3 ++a/b@c=d", {
            "optimizer.lr": "0.1", "trainer.epochs": "3", "a/b@c": "d"}),
        ("train data.csv --lr 1", {"lr": "1"}),
        ("--lr 1 --lr 2", {"lr": "2"}),
        ("--a=", {"a": ""}),
        ("--url=http://x/?a=b", {"url": "http://x/?a=b"}),
        ("-- -5 --", {}),
        ("--größe 3", {"größe": "3"}),
        ("--password hunter2 --token=abc --api-key x --apiKey y --hub_token z --AWS_SECRET_KEY q",
         {}),
        ("--max_tokens 5 --tokenizer bpe --pad-token <pad> --key-dim 3", {
            "max_tokens": "5", "tokenizer": "bpe", "pad-token": "<pad>", "key-dim": "3"}),
        ("wandb.api_key=1 db.password=2 lr=3", {"lr": "3"}),
    ],
)  # fmt: skip
def test_arguments_are_read(line, found):
    assert parameters.read(line.split()) == found


def test_hostile_arguments_are_read(db):
    assert parameters.read(["--" + "x" * 300, "1", "--a", "v" * 10**5])["a"] == "v" * 10**5
    assert len(parameters.read([f"--a{number}" for number in range(5000)])) == parameters.MOST
    odd = ["", " ", "=", "--=", "-", "--=x", "\n--lr\n", "--a b", "c"]
    assert parameters.read(odd) == {}


def test_a_submitted_run_is_found_by_its_arguments_and_tags(caller):
    reply = caller.submit(
        arguments=["--lr", 0.1, "--token", "hidden", "--long", "v" * 400], tags={"stage": "final"}
    )
    assert reply.status_code == 201, reply.content
    run = Run.objects.get()
    kept = {value.field.name: (value.field.kind, value.text, value.number) for value in
            RunValue.objects.select_related("field")}  # fmt: skip
    assert kept == {
        "lr": ("param", "0.1", 0.1),
        "long": ("param", "v" * 255, None),
        "stage": ("tag", "final", None),
    }
    assert tables.ids_of(run.experiment, "params.lr < 0.2 and tag:stage") == [run.run_id]
    assert parameters.of(run) == [("lr", "0.1"), ("long", "v" * 400)]


def test_a_changed_tag_is_found_as_it_is_now(caller):
    run_id = caller.submit(tags={"stage": "draft"}).json()["run_id"]
    changed = caller.client.patch(
        f"/api/v1/runs/{run_id}", {"tags": {"stage": "final", "score": 3}}, format="json"
    )
    assert changed.status_code == 200, changed.content
    run = Run.objects.get()
    assert tables.ids_of(run.experiment, "tags.stage = final and tags.score > 2") == [run_id]
    assert tables.ids_of(run.experiment, "tags.stage = draft") == []


def test_a_run_that_is_refused_leaves_no_name(caller):
    assert caller.submit(arguments=["--lr", "1"], tags={"x": "y" * 2000}).status_code == 400
    assert not RunValue.objects.exists()
