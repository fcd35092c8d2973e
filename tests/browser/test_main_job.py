"""The main job by clicking in a real studio: submit, watch it learn, register, download, load.

With PICTURES=<folder> in the environment the pictures of the README are taken on the way.
"""

import os
import re
import subprocess
from pathlib import Path

from playwright.sync_api import Page, expect

PASSWORD = "a-long-enough-pass-phrase"
LOADS_IT = """
import sys, joblib
from sklearn.datasets import load_digits
digits = load_digits()
model = joblib.load(sys.argv[1])
print((model.predict(digits.data / 16.0) == digits.target).mean())
"""
# How many points of the loss Plotly holds now.
POINTS_DRAWN = """Math.max(0, ...(document.querySelector(".tile .js-plotly-plot")?.data ?? [])
    .map(trace => (trace.x ?? []).length))"""
SLOW_MS = 120_000  # an image may have to be built, and downloaded, first


def picture(page: Page, name: str) -> None:
    if folder := os.environ.get("PICTURES"):
        for theme in ("light", "dark"):
            page.emulate_media(color_scheme=theme)
            page.wait_for_function(f"() => document.documentElement.dataset.theme === '{theme}'")
            page.screenshot(path=Path(folder) / f"{name}-{theme}.png")
        page.emulate_media(color_scheme="light")


def sign_in(page: Page, live_studio) -> None:
    """By the one-time link, then a password, then by the password."""
    page.goto(live_studio.sign_in_link())
    page.get_by_role("button", name="Sign in as admin").click()
    page.get_by_label("New password", exact=True).fill(PASSWORD)
    page.get_by_label("New password confirmation").fill(PASSWORD)
    page.get_by_role("button", name="Set password").click()
    expect(page.get_by_text("Your password is set")).to_be_visible()
    page.locator("summary.me").click()
    page.get_by_role("button", name="Sign out").click()
    page.get_by_label("Name").fill("admin")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Home")).to_be_visible()


def submit_the_example(page: Page) -> None:
    page.get_by_role("link", name="New run").first.click()
    page.get_by_role("button", name="use the digits example").click()
    expect(page.locator("#script")).to_have_value("train.py")
    page.locator("#arguments").fill("--seconds 40")
    page.locator("#experiment").fill("digits-by-hand")
    expect(page.locator("#check-code")).to_contain_text("2 files")
    expect(page.locator("#check-command")).to_contain_text("--seconds 40")
    picture(page, "new-run")
    page.get_by_role("button", name="Submit").click()
    page.wait_for_url(re.compile(r"/runs/digits-by-hand_\d+_[0-9a-f]{8}/"))


def watch_it_learn(page: Page) -> None:
    """The curve and the log grow, without a reload, while the script still runs."""
    running = page.locator(".head[data-state='Running']")
    expect(running).to_be_visible(timeout=SLOW_MS)
    page.locator("#tab-metrics").click()
    page.wait_for_function("() => document.querySelector('.tile .js-plotly-plot')", timeout=SLOW_MS)
    page.wait_for_function(f"() => {POINTS_DRAWN} > 0")
    before = page.evaluate(POINTS_DRAWN)
    page.wait_for_function(f"() => {POINTS_DRAWN} > {before}")
    expect(running).to_be_visible()  # it grew before the run had ended
    page.locator("#tab-files").click()
    rows = page.locator(".lines .rows")
    expect(rows).to_contain_text("epoch   1", timeout=SLOW_MS)
    page.wait_for_function(
        "() => document.querySelector('.lines .rows').textContent.match(/epoch/g)?.length >= 4",
        timeout=SLOW_MS,
    )
    expect(running).to_be_visible()
    picture(page, "run-logs")
    page.locator("#tab-metrics").click()
    expect(page.locator(".tile .js-plotly-plot").first).to_be_visible()
    picture(page, "run-metrics")


def test_the_main_job_by_clicking(live_studio, browser_page: Page, tmp_path):
    page = browser_page
    sign_in(page, live_studio)
    submit_the_example(page)
    watch_it_learn(page)

    expect(page.locator(".head[data-state='Completed']")).to_be_visible(timeout=SLOW_MS)
    page.locator("#tab-files").click()
    tree = page.locator("[data-tree]")
    for name in ("70_driver_log.txt", "model.joblib"):
        expect(tree).to_contain_text(name)
    if "image built" in page.locator(".stages").inner_text():
        expect(tree).to_contain_text("20_image_build_log.txt")

    page.locator("#open-register").click()
    form = page.locator("#register-form")
    form.get_by_label("Name").fill("digits-by-hand")
    form.get_by_role("button", name="Register").click()
    page.locator("#registered-model").click()
    expect(page.get_by_role("heading", name="digits-by-hand:1")).to_be_visible()
    expect(page.get_by_text("Made by")).to_be_visible()
    picture(page, "model")

    with page.expect_download() as coming:
        page.get_by_role("link", name="Download model.joblib").click()
    model = tmp_path / "model.joblib"
    coming.value.save_as(model)
    with page.expect_download() as coming:
        page.get_by_role("link", name=re.compile("Download all")).click()
    assert coming.value.suggested_filename.endswith(".zip")

    # Loaded where it was trained: the studio's own image, never in this process.
    python = next(p for p in live_studio.home.glob("images/*/bin/python") if is_with_sklearn(p))
    done = subprocess.run(
        [python, "-c", LOADS_IT, model], capture_output=True, text=True, check=True, timeout=180
    )
    assert float(done.stdout) > 0.85, done.stdout


def is_with_sklearn(python: Path) -> bool:
    return any(python.parent.parent.glob("lib/python3*/site-packages/sklearn"))
