"""Environments by clicking in a real studio: write, build, mend, compare, archive, copy.

With PICTURES=<folder> in the environment, pictures of every page are taken on the way.
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, Response, Route, expect
from trainyard import Environment, Experiment, ScriptRunConfig, Workspace

from tests.browser.patience import settled, until
from tests.compute.packages import make_source, make_wheel
from tests.fixtures.studio_process import StudioProcess

BUILT_MS = 60_000
HOME = "/w/default/environments/"
# The builds of these packages wait for a file, so that a test sees the build while it goes on.
GATED = {"slow": "", "early": "", "broken": "raise RuntimeError('broken')"}
WAITS = """
while not pathlib.Path({gate!r}).exists():
    time.sleep(0.02)
"""


@pytest.fixture(scope="module")
def gates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder: a file with the name of a gated package lets its build go on."""
    return tmp_path_factory.mktemp("gates")


@pytest.fixture(scope="module")
def live_studio(tmp_path_factory: pytest.TempPathFactory, gates: Path) -> Iterator[StudioProcess]:
    """A studio whose packages are made by hand: no index is asked."""
    folder = tmp_path_factory.mktemp("packages")
    for version in ("1.0", "2.0"):
        make_wheel(folder, "alpha", version)
    make_wheel(folder, "needsold", requires="alpha<2")
    for name, then in GATED.items():
        make_source(folder, name, before=WAITS.format(gate=os.fspath(gates / name)) + then)
    studio = StudioProcess(STUDIO_FIND_LINKS=os.fspath(folder))
    try:
        yield studio.start()
    finally:
        studio.remove()


def picture(page: Page, name: str) -> None:
    if folder := os.environ.get("PICTURES"):
        for theme in ("light", "dark"):
            page.emulate_media(color_scheme=theme)
            page.wait_for_function(f"() => document.documentElement.dataset.theme === '{theme}'")
            page.screenshot(path=Path(folder) / f"environments-{name}-{theme}.png")
        page.emulate_media(color_scheme="light")


def write(page: Page, name: str, pip: str) -> None:
    """Fill in the page that makes an environment with pip requirements."""
    page.goto("/w/default/new-environment/")
    page.get_by_text("pip requirements", exact=True).first.click()
    page.locator("#pip").fill(f"--no-index\n{pip}\n")
    page.get_by_label("Name", exact=True).fill(name)
    expect(page.locator("#check-definition")).to_contain_text("can be read")


def build(page: Page, name: str, pip: str, ends: str = "Ready") -> None:
    write(page, name, pip)
    page.get_by_role("button", name="Save and build").click()
    expect(page.locator("[data-build=local]")).to_contain_text(ends, timeout=BUILT_MS)


def are_marked(page: Page, *lines: str) -> None:
    marks = page.locator(".editor .strips [data-line]")
    expect(marks).to_have_count(len(lines))
    for mark, line in zip(marks.all(), lines, strict=True):
        expect(mark).to_have_attribute("data-line", line)


def test_one_is_written_mended_as_one_types_and_built_before_ones_eyes(
    signed_in_page: Page, gates: Path
):
    page = signed_in_page
    page.goto(HOME)
    page.get_by_role("link", name="New environment").first.click()
    page.get_by_text("pip requirements", exact=True).first.click()
    expect(page.locator("#pip")).to_be_visible()
    page.locator("#pip").press_sequentially("--no-index\nalpha=1.0\nslow\n")
    expect(page.locator("#error-definition")).to_contain_text("write alpha==1.0")
    are_marked(page, "2")
    page.get_by_label("Name", exact=True).fill("watched")
    picture(page, "mistake")
    page.reload()
    expect(page.locator("#pip")).to_have_value("--no-index\nalpha=1.0\nslow\n")

    page.locator("#pip").fill("--no-index\nalpha==1.0\nslow\n")
    expect(page.locator("#check-packages")).to_contain_text("alpha==1.0, slow")
    expect(page.locator("#check-local")).to_contain_text("will be built")
    expect(page.locator("#name-hint")).to_contain_text("watched:1")
    are_marked(page)
    picture(page, "new")
    page.get_by_role("button", name="Save and build").click()

    log, card = page.locator(".lines .rows"), page.locator("[data-build=local]")
    expect(log).to_contain_text("Solving 2 requirements", timeout=BUILT_MS)
    expect(card.locator("[aria-current=step]")).to_contain_text("Installing")
    expect(page.get_by_role("button", name="Cancel the local build")).to_be_visible()
    picture(page, "building")
    (gates / "slow").touch()
    expect(log).to_contain_text("is ready: 2 packages", timeout=BUILT_MS)
    expect(card.locator(".state")).to_have_text("Ready")
    picture(page, "built")
    page.locator("#tab-packages").click()
    expect(page.locator("tr[data-key=alpha]")).to_contain_text("1.0")
    page.get_by_label("Find a package").fill("slo")
    expect(page.locator("tr[data-key=alpha]")).to_be_hidden()
    expect(page.get_by_text("1 of 2 packages")).to_be_visible()


def test_a_failed_build_shows_the_line_and_is_mended_in_place(signed_in_page: Page):
    page = signed_in_page
    build(page, "mended", "needsold\nalpha==2.0", ends="Failed")
    failure = page.get_by_role("alert")
    expect(failure).to_contain_text("could not be built")
    page.locator("#tab-definition").click()
    expect(page.locator(".numbered .bad")).not_to_have_count(0)
    expect(page.locator(".numbered .bad").last).to_contain_text("alpha==2.0")
    picture(page, "failed")
    page.locator("#edit-and-retry").click()
    expect(page.locator("#pip")).to_have_value("--no-index\nneedsold\nalpha==2.0\n")
    expect(page.locator(".editor .strips [data-line='3']")).to_be_visible()
    picture(page, "retry")
    page.locator("#pip").fill("--no-index\nneedsold\nalpha==1.0\n")
    expect(page.locator(".editor .strips [data-line]")).to_have_count(0)
    page.get_by_role("button", name="Save and build").click()
    expect(page.get_by_role("heading", name="mended:2")).to_be_visible()
    expect(page.locator("[data-build=local]")).to_contain_text("Ready", timeout=BUILT_MS)


@pytest.mark.parametrize(
    ("package", "ends", "tab", "place", "shown"),
    [("early", "Ready", "build", "[data-build=local] .state", "Ready"),
     ("broken", "Failed", "definition", ".numbered .bad", "broken")],
)  # fmt: skip
def test_a_build_that_ends_while_a_page_of_it_loads_is_shown_there(
    signed_in_page: Page, gates: Path, package: str, ends: str, tab: str, place: str, shown: str
):
    page = signed_in_page
    write(page, package, package)
    page.get_by_role("button", name="Save and build").click()
    card = page.locator("[data-build=local]")
    expect(card.locator("[aria-current=step]")).to_contain_text("Installing", timeout=BUILT_MS)

    late = page.context.new_page()
    held: list[Route] = []
    script = re.compile(r"/registry/version\.")
    late.route(script, lambda route: held.append(route))
    with late.expect_request(script):
        late.goto(f"{HOME}{package}/?version=1&tab={tab}&kind=local", wait_until="commit")
    (gates / package).touch()
    expect(card.locator(".state")).to_have_text(ends, timeout=BUILT_MS)
    for route in held:
        route.continue_()
    expect(late.locator(place)).to_contain_text(shown)


def test_two_versions_are_compared(signed_in_page: Page):
    page = signed_in_page
    build(page, "compared", "alpha==1.0")
    build(page, "compared", "alpha==2.0\nneedsold==1.0", ends="Failed")
    build(page, "compared", "alpha==2.0")
    page.locator("#tab-versions").click()
    page.get_by_label("Compare version 1").check()
    expect(page.get_by_role("button", name="Compare")).to_be_disabled()
    page.get_by_label("Compare version 3").check()
    picture(page, "versions")
    page.get_by_role("button", name="Compare").click()
    expect(page.locator("tr[data-key=alpha]")).to_contain_text("changed")
    expect(page.locator(".diff .added")).to_contain_text("alpha==2.0")
    picture(page, "compare")


def test_an_archived_one_leaves_the_list_and_comes_back(signed_in_page: Page):
    page = signed_in_page
    write(page, "put-away", "alpha")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("heading", name="put-away:1")).to_be_visible()
    page.get_by_label("More").click()
    page.get_by_role("button", name="Archive…").click()
    page.get_by_role("dialog").get_by_role("button", name="Archive").click()
    expect(page.locator(".title").get_by_text("archived")).to_be_visible()
    page.goto(HOME)
    expect(page.locator("#own-title")).to_be_visible()
    expect(page.get_by_role("link", name="put-away")).to_have_count(0)
    page.get_by_text("Archived", exact=True).click()
    page.get_by_role("link", name="put-away").click()
    page.get_by_label("More").click()
    page.get_by_role("button", name="Restore").click()
    expect(page.locator(".title").get_by_text("archived")).to_have_count(0)


def test_a_filter_is_not_lost_when_the_list_asks_itself_again_meanwhile(signed_in_page: Page):
    page, held = signed_in_page, []
    page.goto(HOME)
    page.route("**/environments/?*archived=1*", lambda route: held.append(route))
    page.get_by_text("Archived", exact=True).click()
    until(page, lambda: held, "the archived ones are asked for")
    # What the list shows is replaced, and with it the place that the answer was asked for.
    page.evaluate("document.body.dispatchEvent(new CustomEvent('environments-changed'))")
    page.wait_for_timeout(600)
    held[0].continue_()
    expect(page.locator("#own-title")).to_contain_text("Archived")


def test_a_curated_one_is_copied_not_changed(signed_in_page: Page):
    page = signed_in_page
    page.goto(f"{HOME}AzureML-Minimal/")
    expect(page.locator(".title").get_by_text("curated")).to_be_visible()
    picture(page, "curated")
    page.get_by_label("More").click()
    expect(page.get_by_role("button", name="Archive…")).to_have_count(0)
    page.keyboard.press("Escape")
    page.get_by_role("link", name="Copy").click()
    expect(page.get_by_label("Name", exact=True)).to_have_value("my-minimal")
    expect(page.locator("#check-provided")).to_contain_text("azureml-defaults")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("heading", name="my-minimal:1")).to_be_visible()


def test_description_and_tags_change_in_place_and_the_list_follows_a_build(signed_in_page: Page):
    page = signed_in_page
    write(page, "told", "alpha==1.0\nneedsold==1.0")
    page.get_by_role("button", name="Save", exact=True).click()
    page.locator("#about").get_by_role("button", name="Edit").click()
    page.get_by_label("Description").fill("What it is for.")
    page.get_by_label("Tags to add").fill("team=vision")
    page.locator("#about").get_by_role("button", name="Save").click()
    expect(page.locator(".title").get_by_text("team=vision")).to_be_visible()
    expect(page.locator("#about")).to_contain_text("What it is for.")
    page.get_by_role("button", name="Remove the tag team").click()
    expect(page.locator(".title").get_by_text("team=vision")).to_have_count(0)

    other = page.context.new_page()
    other.goto(f"{HOME}?q=told")
    row = other.locator("#environments tr", has_text="told")
    expect(row).to_contain_text("not built yet")
    page.get_by_label("Build its image").click()
    page.get_by_role("button", name="On this machine").click()
    expect(row).to_contain_text("Ready", timeout=BUILT_MS)
    picture(other, "list")
    other.get_by_label("Find environments").fill("tensorflow")
    expect(other.locator("#environments")).to_contain_text("AzureML-TensorFlow")
    other.wait_for_url(re.compile("q=tensorflow"))


def is_fragment(told: Response, address: re.Pattern[str]) -> bool:
    return bool(address.search(told.url)) and "hx-request" in told.request.headers


def test_a_list_that_asks_while_it_is_told_again_asks_once_more(signed_in_page: Page):
    page, held = signed_in_page, []
    home = re.compile(re.escape(HOME) + "$")
    with page.expect_response(lambda told: is_fragment(told, home)):  # the socket makes it ask
        page.goto(HOME)
    settled(page)
    page.route(home, lambda route: held.append(route))
    tell = "async () => (await import('studio/live')).say('build-changed')"
    with page.expect_request(home):
        page.evaluate(tell)
    page.evaluate(tell)  # the list has not answered yet
    page.wait_for_timeout(200)  # longer than its delay: it waits for its turn
    assert len(held) <= 1
    until(page, lambda: held, "the list asks")
    held[0].continue_()
    until(page, lambda: len(held) == 2, "the list asks once more")
    with page.expect_response(home):
        held[1].continue_()
    page.wait_for_timeout(500)  # nothing more is asked: that can only be waited for
    assert len(held) == 2
    page.unroute_all(behavior="ignoreErrors")


def test_the_editor_holds_no_keyboard_captive(signed_in_page: Page):
    page = signed_in_page
    page.goto("/w/default/new-environment/")
    area = page.locator("#conda")
    area.click()
    page.keyboard.type("dependencies:\n")
    page.keyboard.press("Tab")
    page.keyboard.type("- numpy\n- scipy")
    expect(area).to_have_value("dependencies:\n  - numpy\n  - scipy")
    page.keyboard.press("Escape")
    page.keyboard.press("Tab")
    expect(area).not_to_be_focused()


def test_a_run_whose_environment_failed_is_mended_and_submitted_again(
    signed_in_page: Page, live_studio: StudioProcess, tmp_path: Path
):
    page = signed_in_page
    (tmp_path / "train.py").write_text("import alpha\nprint('alpha', alpha.version)\n")
    wanted = tmp_path / "requirements.txt"
    wanted.write_text("--no-index\nneedsold\nalpha==3.0\n")
    workspace = Workspace.from_config(os.fspath(live_studio.config_folder))
    environment = Environment.from_pip_requirements("of-a-run", os.fspath(wanted))
    config = ScriptRunConfig(os.fspath(tmp_path), "train.py", environment=environment)
    run = Experiment(workspace, "mended").submit(config)
    workspace.client.close()

    page.goto(f"/runs/{run.id}/")
    expect(page.locator(".head[data-state=Failed]")).to_be_visible(timeout=BUILT_MS)
    expect(page.get_by_role("alert")).to_contain_text("alpha==3.0")
    expect(page.locator(".numbered .bad")).to_contain_text("alpha==3.0")
    picture(page, "failed-run")
    page.locator("#edit-and-retry").click()
    expect(page.locator("#environment-fault")).to_contain_text("alpha==3.0")
    expect(page.locator(".editor .strips [data-line='3']")).to_be_visible()
    picture(page, "failed-run-retry")
    page.locator("#pip").fill("--no-index\nneedsold\nalpha==1.0\n")
    expect(page.locator("#environment-fault")).to_be_hidden()
    page.get_by_role("button", name="Submit").click()
    page.wait_for_url(lambda url: "/runs/mended_" in url and run.id not in url)
    expect(page.locator(".head[data-state=Completed]")).to_be_visible(timeout=BUILT_MS)


def test_an_environment_is_found_among_many_for_a_run(signed_in_page: Page):
    page = signed_in_page
    page.goto("/w/default/new-run/?environment=AzureML-Minimal:1")
    expect(page.locator("#registered")).to_have_value("AzureML-Minimal:1")
    page.get_by_label("Find an environment").fill("tensorflow 2.1")
    expect(page.locator("#registered option").first).to_contain_text("TensorFlow-2.1")
    expect(page.locator("#registered")).not_to_have_value("AzureML-Minimal:1")
    picture(page, "picker")
