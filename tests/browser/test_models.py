"""Models by clicking in a real studio: register, name, describe, look inside, compare, delete.

With PICTURES=<folder> in the environment, pictures of every page are taken on the way.
"""

import json
import os
import re
from pathlib import Path

from playwright.sync_api import Page, Route, expect

from tests.browser.patience import settled, until

MODELS = "/w/default/models/"


def picture(page: Page, name: str) -> None:
    if folder := os.environ.get("PICTURES"):
        for theme in ("light", "dark"):
            page.emulate_media(color_scheme=theme)
            page.wait_for_function(f"() => document.documentElement.dataset.theme === '{theme}'")
            page.screenshot(path=Path(folder) / f"models-{name}-{theme}.png")
        page.emulate_media(color_scheme="light")


def safetensors(folder: Path, **shapes: list[int]) -> Path:
    header, at = {}, 0
    for name, (rows, columns) in shapes.items():
        size = 4 * rows * columns
        header[name] = {
            "dtype": "F32",
            "shape": [rows, columns],
            "data_offsets": [at, at + size],
        }
        at += size
    text = json.dumps(header).encode()
    path = folder / "model.safetensors"
    path.write_bytes(len(text).to_bytes(8, "little") + text + bytes(at))
    return path


def register(page: Page, name: str, *files: Path) -> None:
    """Send files of this computer as the next version of a model; its page is open then."""
    page.goto("/w/default/new-model/")
    expect(page.get_by_role("button", name="Register")).to_be_disabled()
    page.locator("#files").set_input_files(files)
    page.get_by_role("textbox", name="Name", exact=True).fill(name)
    page.get_by_role("button", name="Register").click()
    page.wait_for_url(re.compile(r"/models/"))
    settled(page)


def test_files_become_a_model_that_is_named_and_described(
    signed_in_page: Page, tmp_path: Path, page_problems: list[str]
) -> None:
    page = signed_in_page
    page.goto(MODELS)
    weights = safetensors(tmp_path, **{"enc.0.w": [4, 3], "enc.1.w": [3, 2], "head": [2, 2]})
    readme = tmp_path / "readme.md"
    readme.write_text("# what it does\n")
    page.get_by_role("link", name="Register a model").click()
    picture(page, "register")
    register(page, "digits", weights, readme)
    expect(page.get_by_role("heading", name="digits:1")).to_be_visible()

    about = page.get_by_role("region", name="About")
    about.get_by_role("button", name="Edit").click()
    expect(about.get_by_label("Description")).to_be_focused()
    page.keyboard.type("reads digits")
    about.get_by_label("Tags to add").fill("team=vision, draft")
    about.get_by_label("Framework", exact=True).fill("PyTorch")
    about.get_by_role("button", name="Save").click()
    expect(about.locator(".said")).to_have_text("reads digits")
    expect(page.locator(".facts")).to_contain_text("PyTorch")
    about.get_by_role("button", name="Remove the tag draft").click()
    expect(about.locator(".tag", has_text="draft")).to_have_count(0)
    expect(about.locator(".tag", has_text="team=vision")).to_be_visible()

    about.get_by_label("Alias for this version").fill("2nd")
    page.keyboard.press("Enter")
    expect(page.locator("#notes")).to_contain_text('"2nd" cannot be an alias')
    page_problems.clear()  # the browser says that this call was refused
    about.get_by_label("Alias for this version").fill("champion")
    page.keyboard.press("Enter")
    expect(page.locator(".labels")).to_have_text("champion")
    expect(page.locator("#notes")).not_to_contain_text("cannot be an alias")  # it is one now
    picture(page, "version")

    settled(page)
    page.locator("#tab-inside").click()
    expect(page.get_by_text("22 parameters in 3 arrays")).to_be_visible()
    page.get_by_role("searchbox", name="Find arrays by name").fill("head")
    page.keyboard.press("Enter")
    expect(page.get_by_text("1 of 3", exact=True)).to_be_visible()
    picture(page, "inside")


def test_what_is_written_while_a_change_is_on_its_way_stays(
    signed_in_page: Page, tmp_path: Path
) -> None:
    page = signed_in_page
    register(page, "slow", safetensors(tmp_path, w=[2, 2]))
    about = page.get_by_role("region", name="About")
    alias, description = about.get_by_label("Alias for this version"), about.get_by_label("Descr")
    edit = about.get_by_role("button", name="Edit")
    edit.click()
    about.get_by_label("Tags to add").fill("one, two, three")
    about.get_by_role("button", name="Save").click()
    expect(about.locator(".tag")).to_have_text(["one✕", "two✕", "three✕"])
    settled(page)
    held: list[Route] = []
    page.route("**/models/slow/1/?part=about", lambda route: held.append(route))

    def remove(tag: str) -> None:
        about.get_by_role("button", name=f"Remove the tag {tag}").click()
        until(page, lambda: held, "the card asks how it is now")

    remove("one")
    alias.fill("half-wri")
    held.pop().continue_()
    expect(about.locator(".tag")).to_have_text(["two✕", "three✕"])
    expect(alias).to_be_focused()
    page.keyboard.type("tten")
    expect(alias).to_have_value("half-written")

    remove("two")
    edit.click()
    description.fill("what it re")
    held.pop().continue_()
    settled(page)
    expect(description).to_be_focused()
    page.keyboard.type("ads")
    page.unroute_all(behavior="ignoreErrors")
    about.get_by_role("button", name="Save").click()
    expect(about.locator(".said")).to_have_text("what it reads")
    expect(about.locator(".tag")).to_have_text(["three✕"])
    expect(alias).to_have_value("half-written")

    # Who leaves without a word sees what came meanwhile as well.
    page.route("**/models/slow/1/?part=about", lambda route: held.append(route))
    remove("three")
    edit.click()
    held.pop().continue_()
    settled(page)
    expect(description).to_be_visible()
    page.unroute_all(behavior="ignoreErrors")
    about.get_by_role("button", name="Keep as it was").click()
    expect(about.locator(".tag")).to_have_count(0)


def test_two_versions_are_compared_and_an_alias_moves_between_them(
    signed_in_page: Page, tmp_path: Path
) -> None:
    page = signed_in_page
    register(page, "faces", safetensors(tmp_path, w=[2, 2], v=[1, 1]))
    page.get_by_label("Alias for this version").fill("champion")
    page.keyboard.press("Enter")
    expect(page.locator(".labels")).to_have_text("champion")
    register(page, "faces", safetensors(tmp_path, w=[2, 3], v=[1, 1]))
    expect(page.get_by_role("heading", name="faces:2")).to_be_visible()
    page.get_by_label("Alias for this version").fill("champion")
    page.keyboard.press("Enter")
    expect(page.locator(".labels")).to_have_text("champion")

    page.locator(".crumbs").get_by_role("link", name="faces").click()
    expect(page.get_by_role("row", name=re.compile("faces:2"))).to_contain_text("champion")
    cut = (
        "all => all.filter(each => each.scrollWidth > each.clientWidth).map(each => each.innerText)"
    )
    for width in (1440, 1100, 900):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.locator("thead th:visible").evaluate_all(cut) == []
    page.set_viewport_size({"width": 1440, "height": 900})
    for number in (1, 2):
        page.get_by_label(f"Compare version {number}").check()
    page.get_by_role("button", name="Compare").click()
    expect(page.get_by_role("heading", name="faces:1 → faces:2")).to_be_visible()
    expect(page.locator("tr[data-key=w]")).to_contain_text("F32 2 × 3")
    expect(page.locator("tr[data-key=v]")).to_have_count(0)
    expect(page.get_by_text("no run", exact=True)).to_have_count(2)
    picture(page, "compare")


def test_a_model_is_archived_found_restored_and_deleted(
    signed_in_page: Page, tmp_path: Path
) -> None:
    page = signed_in_page
    register(page, "oldest", safetensors(tmp_path, w=[20, 50]))
    page.goto(f"{MODELS}oldest/")
    settled(page)
    page.get_by_label("More", exact=True).click()
    page.get_by_role("button", name="Archive…").click()
    page.get_by_role("button", name="Archive", exact=True).click()
    expect(page.locator(".title .tag", has_text="archived")).to_be_visible()

    settled(page)
    # A row asks once it is in sight; other tests may have left more than a page of them.
    page.set_viewport_size({"width": 1440, "height": 4000})
    page.goto(MODELS)
    cells, rows = page.locator("td[id^=metric-]"), page.locator("#models tbody tr")
    expect(cells.filter(has_text="…")).to_have_count(0)  # each row has asked what its run says
    expect(cells).to_have_count(rows.count())
    page.set_viewport_size({"width": 1440, "height": 900})
    expect(page.get_by_role("link", name="oldest", exact=True)).to_have_count(0)
    page.get_by_text("Archived", exact=True).click()
    page.get_by_role("searchbox", name="Find models").fill("old")
    expect(page).to_have_url(re.compile("q=old"))
    settled(page)
    page.get_by_role("link", name="oldest", exact=True).click()
    page.get_by_label("More", exact=True).click()
    page.get_by_role("button", name="Restore").click()
    expect(page.locator(".title .tag", has_text="archived")).to_have_count(0)

    page.get_by_label("More", exact=True).click()
    page.get_by_role("button", name="Delete with all versions…").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("4.0 KiB")
    picture(page, "delete")
    dialog.get_by_role("button", name="Delete for good").click()
    page.wait_for_url(re.compile(r"/models/$"))
    expect(page.locator("#notes")).to_contain_text("oldest:1 is deleted")
    expect(page.get_by_role("link", name="oldest", exact=True)).to_have_count(0)


def test_the_metric_that_the_list_shows_is_chosen_and_stays_in_the_address(
    signed_in_page: Page, tmp_path: Path
) -> None:
    page = signed_in_page
    register(page, "plain", safetensors(tmp_path, w=[2, 2]))
    page.goto(MODELS)
    menu = page.locator("summary", has_text="Metric")
    menu.focus()
    page.keyboard.press("Enter")
    # Other tests may have left a model in this studio whose run has logged something.
    nothing = page.get_by_text("No run that made a model has logged a number.")
    choice = page.locator("details[open] a[href*='metric=']").first
    expect(nothing.or_(choice).first).to_be_visible()
    expect(page.get_by_role("link", name="its first metric")).to_be_visible()
    settled(page)

    page.goto("/w/default/models-by-metric/?metric=accuracy")
    expect(page.get_by_role("columnheader", name="accuracy ▼")).to_be_visible()
    picture(page, "by-metric")
    page.get_by_role("searchbox", name="Find models").fill("plain")
    expect(page).to_have_url(re.compile("q=plain.*metric=accuracy"))
    settled(page)
    page.get_by_role("link", name="accuracy ▼").click()
    expect(page).to_have_url(re.compile("q=plain.*sort=up"))
    expect(page.get_by_role("columnheader", name="accuracy ▲")).to_be_visible()
    settled(page)
    menu.click()
    page.get_by_role("link", name="its first metric").click()
    expect(page).to_have_url(re.compile(r"/models/\?q=plain$"))
    expect(page.get_by_role("columnheader", name="Metric")).to_be_visible()
