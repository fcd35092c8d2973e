"""When datasets were read last, as the list of datasets shows it."""

from registry import datasets
from runs.models import RunInput
from tests.factories import AT, make_experiment, make_member, make_run, make_tree


def test_each_says_when_a_run_read_it_last(as_user):
    member = make_member()
    place, tree = member.workspace, make_tree()
    read, unread = (
        datasets.register(place, member.user, name=name, tree=tree)[0] for name in ("a", "b")
    )
    run = make_run(experiment=make_experiment(workspace=place))
    RunInput.objects.create(run=run, name="data", version=read, tree=tree)
    page = f"/w/{place.name}/_datasets-used/"
    text = (
        as_user(member.user).get(f"{page}?ids={read.asset_id},{unread.asset_id}").content.decode()
    )
    used, not_yet = text.split("</span>")[:2]
    assert f'id="used-{read.asset_id}"' in used and AT.isoformat() in used
    assert f'id="used-{unread.asset_id}"' in not_yet and "not yet" in not_yet
    assert as_user(member.user).get(f"{page}?ids=x").status_code == 400
    assert as_user(make_member().user).get(f"{page}?ids={read.asset_id}").status_code == 404
