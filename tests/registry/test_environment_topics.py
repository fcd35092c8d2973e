"""Who may hear what of a build: the topics of a live socket."""

import pytest

from compute import images, recipes
from compute.models import ImageBuild
from runs.sockets import group_for
from studio import streams

pytestmark = pytest.mark.django_db


def test_members_hear_a_build_and_its_log(lab, reader, elsewhere):
    lab.add("train", "six")
    topic = f"image:{lab.api.workspace.name}/train/1/local"
    digest = recipes.from_definition({"pip": "six"}).digest
    assert group_for(reader.api.user, topic) == images.group(digest, "local")
    assert group_for(reader.api.user, f"{topic}:log") is None
    lab.post("/train/versions/1/build")
    build = ImageBuild.objects.get()
    assert group_for(reader.api.user, f"{topic}:log") == streams.group(build.log_id)
    assert group_for(elsewhere.api.user, topic) is None
    assert group_for(elsewhere.api.user, f"{topic}:log") is None


@pytest.mark.parametrize(
    "rest", ["train", "train/1", "train/1/vm", "train/0/local", "train/2/local", "no/1/local",
             "train/1/local:log:x", "train/99999999999999999999/local", ""],
)  # fmt: skip
def test_an_unknown_topic_is_heard_by_nobody(lab, rest):
    lab.add("train")
    assert group_for(lab.api.user, f"image:{lab.api.workspace.name}/{rest}") is None
    assert group_for(lab.api.user, "nonsense") is None


def test_a_build_of_the_same_content_is_heard_under_every_name(lab, elsewhere):
    lab.add("train", "six")
    elsewhere.add("same", "# as theirs\nsix")
    ours = group_for(lab.api.user, f"image:{lab.api.workspace.name}/train/1/docker")
    theirs = group_for(elsewhere.api.user, f"image:{elsewhere.api.workspace.name}/same/1/docker")
    assert ours == theirs is not None
