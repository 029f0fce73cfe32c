"""The page of a lab in Chromium, as somebody who looks on and clicks.

Pictures of it go where ``CORENET_PICTURES`` says, which is how those in the documentation are made.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import missing_peer, require_peer
from tests.interop.peers import Peers, Place

try:
    from axe_playwright_python.sync_playwright import Axe
    from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright
except ImportError:
    Axe = None

pytestmark = pytest.mark.interop

LAB = """
name: page
ggsn:
  address: 127.0.35.1
  apns: [{name: wap.example, pool: 127.35.0.0/16}]
  radius: [{address: 127.0.35.5}]
sgsn: {address: 127.0.35.2}
hlr: {address: 127.0.35.3}
subscribers:
  - {imsi: "234150000000001", msisdn: "447700900001", count: 40, apns: [{name: wap.example}]}
control: {address: 127.0.35.4, port: 8080}
gateway: {address: 127.0.35.5, apn: wap.example}
"""
IMSI, MSISDN = "234150000000001", "447700900001"
PAGE = "http://127.0.35.4:8080/"
PATIENCE = 120_000.0
"""Milliseconds until something that does not come is missing."""


@pytest.fixture
def browser(place: Place, tmp_path: Path) -> Iterator[Browser]:
    """Start Debian's Chromium where the labs are."""
    require_peer("chromium", package="chromium")
    if Axe is None:
        missing_peer("playwright and axe-playwright-python are not there: pip install '.[interop]'")
    started = tmp_path / "chromium.sh"
    words = " ".join(place.command(shutil.which("chromium") or "chromium"))
    started.write_text(f'#!/bin/sh\nexec {words} "$@"\n')
    started.chmod(0o755)
    with sync_playwright() as program:
        browser = program.chromium.launch(
            executable_path=str(started), args=["--no-sandbox"], timeout=PATIENCE
        )
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """Open a window; whatever the page complains of fails the test."""
    page = browser.new_page(viewport={"width": 1400, "height": 1000})
    page.set_default_timeout(PATIENCE)
    expect.set_options(timeout=PATIENCE)
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda said: said.type == "error" and complaints.append(said.text))
    yield page
    page.close()
    # What the lab refuses, and that it is away, the page says itself.
    assert [text for text in complaints if "Failed to load resource" not in text] == []


def picture(shown: Page | Locator, name: str) -> None:
    folder = os.environ.get("CORENET_PICTURES")
    if folder:
        shown.screenshot(path=Path(folder) / f"{name}.png")


def ladder(page: Page, message: str) -> Locator:
    return page.get_by_role("log").locator("summary", has_text=re.compile(rf" ms{message}$"))


def test_a_push_is_watched_from_the_page_to_the_screen(peers: Peers, page: Page) -> None:
    """Choose a terminal, push to it, see ladder, screen and timeline; open an arrow."""
    peers.run_lab(LAB)
    page.goto(PAGE)
    page.get_by_role("button", name=MSISDN).click()
    expect(page).to_have_title("Corenet: page")
    expect(page.get_by_role("region", name="Phone screen")).to_contain_text("attached")
    page.get_by_label("Text", exact=True).fill("You have mail")
    page.get_by_role("button", name="Push", exact=True).click()
    expect(page.get_by_role("region", name="Phone screen")).to_contain_text("You have mail")
    for message in ("PDU Notification Request", "Create PDP Context Response", "G-PDU"):
        expect(ladder(page, message)).to_have_count(1)
    expect(ladder(page, "push delivered")).to_have_count(1)
    # All of it, where the page would scroll.
    page.get_by_role("log").evaluate("shown => shown.style.height = '43rem'")
    picture(page.get_by_role("log"), "ladder")
    page.get_by_role("log").evaluate("shown => shown.style.height = ''")
    ladder(page, "Create PDP Context Request").click()
    expect(page.get_by_role("log")).to_contain_text("Access Point Name (APN) wap.example")
    page.locator("summary", has_text="delivered WAPPUSH").click()
    expect(page.get_by_text("activating no context on wap.example")).to_be_visible()
    picture(page, "page")
    page.emulate_media(color_scheme="dark")
    picture(page, "page-dark")


def test_a_mobile_is_driven_from_the_page(peers: Peers, page: Page) -> None:
    """Its verbs, its answer to the network, its contexts; a refusal is said."""
    peers.run_lab(LAB)
    page.goto(f"{PAGE}#{IMSI}")
    page.get_by_role("button", name="Activate from the network").click()
    page.get_by_role("button", name="Delete 127.35.").click()
    expect(page.get_by_role("button", name="Delete 127.35.")).to_have_count(0)
    with page.expect_response("**/behaviour"):
        page.get_by_label("On the network's request").select_option("reject")
    page.get_by_role("button", name="Activate from the network").click()
    expect(page.get_by_role("alert")).to_contain_text("MS refuses")
    page.get_by_role("button", name="Switch off").click()
    expect(page.get_by_role("row", name=MSISDN)).to_contain_text("detached")
    page.get_by_role("button", name="Switch on").click()
    expect(page.get_by_role("row", name=MSISDN)).to_contain_text("offline")


def test_a_lab_is_disturbed_from_the_page(peers: Peers, page: Page) -> None:
    """Everything on Gn is lost, and seen to be; connections break, all is well, a node restarts."""
    peers.run_lab(LAB)
    page.goto(f"{PAGE}#{IMSI}")
    page.get_by_text("Nothing is wrong").click()
    page.get_by_label("Loss on gtp-c").fill("1")
    expect(page.get_by_text("Something is wrong")).to_be_visible()
    page.get_by_role("button", name="Activate from the network").click()
    row = page.get_by_role("region", name="Faults").get_by_role("row", name="gtp-c")
    expect(row.get_by_role("cell").nth(4)).not_to_have_text("0")
    page.get_by_role("button", name="Reset connections on smpp").click()
    page.get_by_role("button", name="All well again").click()
    expect(page.get_by_text("Nothing is wrong")).to_be_visible()
    page.get_by_role("button", name="Restart sgsn").click()
    expect(page.get_by_role("row", name=MSISDN)).to_contain_text("offline")


def test_terminals_are_paged_and_searched(peers: Peers, page: Page) -> None:
    """Forty of them, fifteen at a time; by MSISDN and IMSI."""
    peers.run_lab(LAB)
    page.goto(PAGE)
    expect(page.get_by_text("1 to 15 of 40")).to_be_visible()
    page.get_by_role("button", name="On", exact=True).click()
    expect(page.get_by_text("16 to 30 of 40")).to_be_visible()
    search = page.get_by_role("searchbox")
    for words in ("+447700900040", "234150000000040"):
        search.fill(words)
        expect(page.get_by_role("region", name="Terminals").get_by_role("row")).to_have_count(2)
        expect(page.get_by_role("button", name="447700900040")).to_be_visible()
    search.fill("1")
    expect(page.get_by_text("Nobody has 1.")).to_be_visible()


def test_another_address_of_the_page_chooses_another_terminal(peers: Peers, page: Page) -> None:
    """In the tab that is open, as by a link or by hand."""
    peers.run_lab(LAB)
    page.goto(PAGE)
    expect(page.get_by_role("heading", name="Ladder of all terminals")).to_be_visible()
    page.goto(f"{PAGE}#{IMSI}")
    expect(page.get_by_role("heading", name=f"Ladder of IMSI {IMSI}")).to_be_visible()
    page.goto(f"{PAGE}#")
    expect(page.get_by_role("heading", name="Ladder of all terminals")).to_be_visible()


def test_a_token_is_asked_for(peers: Peers, page: Page) -> None:
    """A wrong one is asked for again; the right one is kept for the tab."""
    peers.run_lab(LAB.replace("port: 8080", "port: 8080, token: open sesame"))
    page.goto(PAGE)
    for token in ("wrong", "open sesame"):
        page.get_by_label("The lab asks for a token").fill(token)
        page.get_by_role("button", name="Look on").click()
    expect(page.get_by_role("heading", name="Corenet: lab page")).to_be_visible()
    page.reload()
    expect(page.get_by_role("heading", name="Corenet: lab page")).to_be_visible()


def test_everybody_can_use_it(peers: Peers, page: Page) -> None:
    """By keyboard alone, on narrow screens, and nothing that a checker of accessibility finds."""
    peers.run_lab(LAB)
    page.goto(PAGE)
    page.get_by_role("button", name=MSISDN).focus()
    page.keyboard.press("Enter")
    push = page.get_by_role("button", name="Push", exact=True)
    push.focus()
    page.keyboard.press("Enter")
    ladder(page, "G-PDU").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("log")).to_contain_text("destination port 2948")
    page.get_by_text("Nothing is wrong").click()
    for width in (360, 700, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    for scheme in ("light", "dark"):
        # Colours that are just changing are nobody's choice.
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()


def test_the_page_comes_back_to_a_lab_that_was_restarted(peers: Peers, page: Page) -> None:
    """It says that the lab is not reached, and goes on when it is."""
    lab = peers.run_lab(LAB)
    page.goto(PAGE)
    expect(page.get_by_text("1 to 15 of 40")).to_be_visible()
    lab.stop()
    expect(page.get_by_role("banner")).to_contain_text("not reached")
    peers.run_lab(LAB, name="again")
    expect(page.get_by_role("banner")).to_contain_text("live")
