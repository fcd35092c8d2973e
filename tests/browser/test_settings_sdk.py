"""Settings: how the client gets to another computer: two commands to copy, config.json, a login."""

import json
import os
import subprocess
import sys

import pytest
from playwright.sync_api import Page

from studio import wheel
from tests.browser.patience import until


@pytest.fixture
def settings(signed_in_page: Page):
    signed_in_page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    return signed_in_page


def copied(page: Page, name: str) -> str:
    """What the button copies: other words than those that are there before."""
    write = "words => navigator.clipboard.writeText(words)"
    page.evaluate(write, "-")
    page.locator(f"[data-copies={name}]").click()
    read = "() => navigator.clipboard.readText()"
    until(page, lambda: page.evaluate(read) != "-", f"{name} is copied")
    return str(page.evaluate(read)).strip()


def test_the_command_that_is_copied_installs_the_client(settings, live_studio, tmp_path):
    command = copied(settings, "install-wheel")
    assert command == f"pip install {live_studio.url}/sdk/{wheel.current().name}"
    target = tmp_path / "target"
    words = [*command.split()[1:], "--target", str(target), "--no-cache-dir"]
    done = subprocess.run(
        [sys.executable, "-m", "pip", *words], capture_output=True, text=True, timeout=180
    )
    assert done.returncode == 0, done.stdout + done.stderr
    with settings.expect_download() as download:
        settings.get_by_role("button", name="Download config.json").click()
    file = tmp_path / "project" / ".azureml" / "config.json"
    download.value.save_as(file)
    assert json.loads(file.read_text())["trainyard"]["url"] == live_studio.url
    said = subprocess.run(
        [sys.executable, "-m", "trainyard", "login", "--json"], cwd=file.parent.parent,
        env={**os.environ, "PYTHONPATH": str(target)}, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert json.loads(said.stdout)["username"] == "admin", said.stderr


def test_the_other_commands_are_there_to_copy_by_keyboard_too(settings, live_studio):
    index = f"pip install trainyard --index-url {live_studio.url}/sdk/simple/"
    assert copied(settings, "install-index") == index
    settings.locator("[data-copies=login-command]").focus()
    settings.keyboard.press("Enter")
    read = "() => navigator.clipboard.readText()"
    wanted = f"trainyard login {live_studio.url}"
    until(settings, lambda: settings.evaluate(read).strip() == wanted, "the login is copied")


@pytest.mark.parametrize("width", [1440, 900])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_long_commands_stay_inside_their_box(settings, width, scheme):
    settings.set_viewport_size({"width": width, "height": 900})
    settings.emulate_media(color_scheme=scheme)
    page = settings.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert page[0] <= page[1]
    if shots := os.environ.get("TRAINYARD_SHOTS"):
        settings.screenshot(path=f"{shots}/settings-{width}-{scheme}.png", full_page=True)
