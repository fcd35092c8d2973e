"""Passwords in addresses of indexes: for those who wrote them, in no list, log or Dockerfile."""

import pytest

from compute import image_claims, recipes
from compute.models import ImageBuild
from tests.factories import make_workspace

pytestmark = pytest.mark.django_db

INDEX = "--index-url http://ada:hush-hush@127.0.0.1:9/simple"


def test_a_password_is_part_of_the_recipe_so_only_who_knows_it_shares_the_build():
    with_it = recipes.from_definition({"pip": f"{INDEX}\nsix"})
    guessed = recipes.from_definition({"pip": f"{INDEX}\nsix".replace("hush-hush", "guess")})
    assert with_it.digest != guessed.digest


def test_neither_the_log_nor_the_error_nor_the_dockerfile_holds_it(lab, shelf, workers):
    lab.add(
        "train", f"{INDEX}\nx @ https://eve:hush-hush@127.0.0.1:9/x-1.0-py3-none-any.whl\nsix\n"
    )
    lab.post("/train/versions/1/build")
    workers.join("images")
    build = lab.get("/train/versions/1/build").json()
    assert build["state"] == "Failed"
    assert "hush-hush" not in build["error"]
    log = lab.get("/train/versions/1/build/log").json()["text"]
    assert "127.0.0.1:9" in log
    assert "hush-hush" not in log
    assert "hush-hush" not in lab.get("/train/versions/1/dockerfile").json()["text"]
    assert "hush-hush" not in lab.get().json()["items"][0]["summary"]


def test_no_reader_of_a_lock_an_error_or_a_log_sees_it(lab):
    options = "--extra-index-url https://u:hush-hush@h/simple?token=hush-hush"
    lab.add("train", f"{options}\nsix")
    lab.post("/train/versions/1/build")
    row = ImageBuild.objects.get()
    lock = f"# python 3.11.7\n# platform linux\n{options}\nx @ https://u:hush-hush@h/x-1-p.whl\n"
    # Such as an older studio kept them.
    ImageBuild.objects.update(lock=lock, state="Failed", error=options, guilty=options)
    image_claims.Claim(row).write(f"Downloading {options}\n".encode())
    assert "hush-hush" in ImageBuild.objects.get().lock
    shown = [
        lab.get(f"/train/versions/1{rest}").json() for rest in ("/build", "/build/log", "/lock")
    ]
    assert "hush-hush" not in str(shown)
    assert "https://h/x-1-p.whl" in str(shown)
    assert shown[0]["lines"] == [1]


def test_another_workspace_sees_nothing_of_it(lab, elsewhere):
    lab.add("train", f"{INDEX}\nsix")
    lab.post("/train/versions/1/build")
    assert ImageBuild.objects.count() == 1
    elsewhere.add("train", "six")
    assert elsewhere.get("/train").json()["builds"] == {}
    assert make_workspace().assets.count() == 0
