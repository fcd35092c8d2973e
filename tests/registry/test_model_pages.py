"""What the pages of models show and refuse; what happens on them is in tests/browser."""

import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from registry import aliases, model_files
from runs.models import MetricSeries, RunAsset, RunInput
from studio.files import trees
from studio.models import Role
from tests.factories import make_blob, make_environment, make_experiment, make_member, make_run


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


def register(member, name="digits", files=None, **words):
    files = files or {"model.bin": b"weights"}
    tree = trees.make((path, make_blob(data).sha256) for path, data in files.items())
    return model_files.register(member.workspace, member.user, name=name, tree=tree, **words)


def safetensors(**shapes):
    header, at = {}, 0
    for name, shape in shapes.items():
        size = 4
        for length in shape:
            size *= length
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [at, at + size]}
        at += size
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + bytes(at)


def from_run(member, version, loss="0.25", **fields):
    """A run that made `version`, with a metric."""
    run = make_run(experiment=make_experiment(workspace=member.workspace), **fields)
    RunAsset.objects.create(run=run, version=version, direction="out", path="outputs/model.bin")
    kind = {"kind": "float", "form": "scalar", "count": 1, "last": loss}
    MetricSeries.objects.create(run=run, name="loss", **kind)
    return run


def test_the_list_is_found_by_words_tags_framework_and_run(member, show):
    one = register(member, "digits", tags={"team": "vision", "2024": "yes"}, framework="PyTorch")
    register(
        member,
        "words",
        description="for texts",
        framework="ONNX",
        tags={"team": "text", "größe": "groß"},
    )
    made = register(member, "faces", properties={"run_id": "a_run_1"})
    aliases.point(one, "champion")

    def names(query):
        text = show(f"models/?{query}")
        return {name for name in ("digits", "words", "faces") if f'title="{name}"' in text}

    assert names("") == {"digits", "words", "faces"}
    assert names("q=champion") == names("q=visio") == names("q=digi") == {"digits"}
    assert names("q=texts") == {"words"}
    assert names("tag=team") == {"digits", "words"}
    assert names("tag=team%3Dtext") == {"words"}
    assert names("tag=2024") == names("tag=2024%3Dyes") == {"digits"}
    assert names("tag=2024%3Dno") == names('tag="]') == set()
    assert names("tag=größe") == names("tag=größe%3Dgroß") == names("q=groß") == {"words"}
    assert names("framework=onnx") == {"words"}
    assert names("run=a_run_1") == {made.asset.name}
    assert "No model fits" in show("models/?q=no-such-thing")
    assert ">champion 1<" in show("models/")


def test_a_hundred_models_are_paged_and_cost_as_many_queries_as_two(member, show):
    def queries():
        with CaptureQueriesContext(connection) as asked:
            show("models/")
        return len(asked)

    for number in range(2):
        aliases.point(register(member, f"model{number}", framework="x"), "champion")
    few = queries()
    for number in range(2, 100):
        aliases.point(register(member, f"model{number}", framework="x"), "champion")
    assert queries() <= few + 1  # one more to know whether there is a next page
    assert "cursor=" in show("models/")


def test_a_version_shows_its_folders_files_and_downloads(member, show):
    register(member, files={"m/a.bin": b"a", "m/deep/b.bin": b"bb", "m/w.npy": b"x"})
    text = show("models/digits/1/?prefix=m/")
    assert "deep/" in text and "a.bin" in text and "bb.bin" not in text
    assert "/zip?prefix=m%2Fdeep%2F" in text
    assert "curl -fLH" in text and "/models/digits/versions/1/zip" in text
    assert "tab=inside&amp;path=m%2Fw.npy" in text
    assert "No file below" in show("models/digits/1/?prefix=other/")
    assert show("models/digits/1/?from=-5&prefix=m")


def test_a_version_is_opened_by_its_alias_and_a_deleted_one_says_so(member, show):
    version = register(member)
    register(member, files={"other": b"other"})
    aliases.point(version, "champion")
    assert "<title>digits:1" in show("models/digits/champion/")
    model_files.delete(version, member.user)
    assert "digits:1 was deleted; the newest is 2" in show("models/digits/1/", 404)
    show("models/digits/champion/", 404)
    assert "digits:1" not in show("models/digits/")


def test_the_inside_of_a_file_is_shown_as_a_tree_with_sums(member, show):
    data = safetensors(**{"enc.0.w": [4, 3], "enc.0.b": [4], "head.w": [2, 4]})
    register(member, files={"model.safetensors": data, "readme.txt": b"hello"})
    text = show("models/digits/1/?tab=inside")
    assert "<b>24</b> parameters in <b>3</b> arrays" in text
    assert ">enc.0<" in text and "4 × 3" in text and "F32" in text
    found = show("models/digits/1/?tab=inside&q=head")
    assert "2 × 4" in found and "4 × 3" not in found
    assert "no format that is looked into" in show("models/digits/1/?tab=inside&path=readme.txt")
    show("models/digits/1/?tab=inside&path=absent", 404)


def test_what_a_file_says_is_text_on_the_page(member, show):
    register(member, files={"x.safetensors": safetensors(**{"<script>alert(1)</script>": [1]})})
    text = show("models/digits/1/?tab=inside")
    assert "<script>alert" not in text and "&lt;script&gt;alert" in text


def test_a_model_of_no_known_format_says_what_could_be_shown(member, show):
    register(member, files={"notes.md": b"hello"})
    assert "Nothing to look into" in show("models/digits/1/?tab=inside")


def test_lineage_names_run_code_data_arguments_environment_and_metrics(member, show):
    version = register(member)
    environment = make_environment(workspace=member.workspace, name="torch-env")
    run = from_run(
        member, version, environment=environment, environment_name="torch-env",
        arguments=["--lr", "0.1"],
    )  # fmt: skip
    RunInput.objects.create(run=run, name="images", tree=run.snapshot)
    text = show("_made-by/digits/1/")
    for said in (run.name, "--lr 0.1", "as images", "torch-env:1", "outputs/model.bin", "0.25"):
        assert said in text, said
    assert f"/runs/{run.run_id}/code/" in text
    assert "loss <b>0.25</b>" in show("_made-by/digits/1/?part=metric")


def test_a_copy_keeps_the_lineage_of_what_it_was_copied_from(member, show):
    version = register(member)
    run = from_run(member, version)
    version.properties = {"run_id": run.run_id}
    copy = model_files.register_copy(member.workspace, member.user, name="best", source=version)
    assert copy.properties == {"run_id": run.run_id, "copied_from": "digits:1"}
    assert run.name in show("_made-by/best/1/")
    assert "No run" in show(f"_made-by/{register(member, 'alone').asset.name}/1/")


def test_two_versions_are_compared_by_files_arrays_words_and_runs(member, show):
    first = register(
        member, files={"m.safetensors": safetensors(w=[2, 2], v=[1]), "a.txt": b"a", "b.txt": b"b"},
        tags={"team": "vision"}, framework="PyTorch", framework_version="2.4",
    )  # fmt: skip
    second = register(
        member, files={"m.safetensors": safetensors(w=[2, 3], v=[1]), "a.txt": b"a", "c.txt": b"c"},
        framework="PyTorch", framework_version="2.5",
    )  # fmt: skip
    from_run(member, first), from_run(member, second, loss="0.125")
    text = show("compare-models/?v=digits:2&v=digits:1")
    assert "digits:1 → digits:2" in text
    for said in ("float", "F32 2 × 2", "F32 2 × 3", "PyTorch 2.4", "PyTorch 2.5", "tag team"):
        assert (said in text) == (said != "float"), said
    for change in ("b.txt", "c.txt", "m.safetensors"):
        assert f'data-key="{change}"' in text
    assert 'data-key="a.txt"' not in text and 'data-key="v"' not in text
    runs = show("_made-by/digits/2/?part=against&other=digits:1")
    assert "0.25" in runs and "0.125" in runs and "Compare the runs" in runs
    assert "no model" in show("compare-models/?a=absent:1&b=digits:1")


def test_what_deleting_frees_is_said_before(member, show):
    register(member, files={"a": b"four"})
    register(member, files={"a": b"four"})
    text = show("models/digits/_freed/?version=1")
    assert "frees no room" in text and "The number of digits:1" in text
    assert "4 B" in show("models/digits/_freed/")


def test_a_reader_may_not_open_the_page_that_registers_and_a_stranger_sees_nothing(member, as_user):
    register(member)
    reader = make_member(workspace=member.workspace, role=Role.READER)
    home = f"/w/{member.workspace.name}"
    assert as_user(reader.user).get(f"{home}/new-model/").status_code == 403
    assert as_user(reader.user).get(f"{home}/models/digits/").status_code == 200
    stranger = as_user(make_member().user)
    for path in ("models/", "models/digits/1/", "compare-models/", "models/digits/_freed/"):
        assert stranger.get(f"{home}/{path}").status_code == 404
