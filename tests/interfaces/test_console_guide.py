"""The guide, the frequent questions and the way to the support: all in the installation, all true of its pages."""

from __future__ import annotations

import re

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from tests.labels import is_on_a_page
from twinshelf.cli.app import app
from twinshelf.console import guide
from twinshelf.console.urls import urlpatterns
from twinshelf.console.views import dashboard

TEXTS = sorted(guide.DATA.rglob("*.md"))
WORKED_OUT_ELSEWHERE = {"/", "?", "Settings → Store-level API accounts"}
"""In bold, and neither a label nor a state: keys of the keyboard, and what BigCommerce calls its own page."""
GUIDE_BUTTON = re.compile(r'<a class="btn utility sm" href="([^"]+)">\s*<svg[^>]*><use[^>]*></svg>\s*Guide\s*</a>')
LISTS = (
    "/products/", "/orders/", "/templates/", "/templates/categories/", "/activity/", "/activity/problems/",
    "/activity/webhooks/", "/activity/changes/", "/connections/",
    "/returns/", "/inventory/locations/", "/inventory/warehouses/", "/orders/sales/",
    "/orders/deadlines/", "/orders/bigcommerce/",
)  # fmt: skip


@pytest.fixture
def supported(settings):
    """An installation whose support has a page."""

    def name(text: str) -> None:
        settings.OPERATOR = settings.OPERATOR.model_copy(update={"support": text})

    return name


def bold(path):
    return {" ".join(words.split()) for words in re.findall(r"\*\*(.+?)\*\*", path.read_text(), re.DOTALL)}


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.stem)
def test_everything_that_the_guide_names_is_on_a_page(path):
    named = bold(path) - WORKED_OUT_ELSEWHERE

    assert sorted(label for label in named if not is_on_a_page(label)) == []


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.stem)
def test_every_setting_and_command_that_the_guide_names_exists(path):
    code = re.findall(r"`([^`]+)`", path.read_text())
    commands = {command.name or getattr(command.callback, "__name__", "") for command in app.registered_commands}
    commands |= {group.name for group in app.registered_groups}

    settings_ = {f"TWINSHELF_{name.upper()}" for name in type(settings.OPERATOR).model_fields}
    assert [c for c in code if c.startswith("TWINSHELF_") and c not in settings_] == []
    assert [c for c in code if c.startswith("twinshelf ") and c.split()[1] not in commands] == []


def places():
    """Every place of the guide and of the answers that something may link to."""
    found = {reverse("faq"), *(f"{reverse('faq')}#{answer.anchor}" for answer in guide.answers())}
    for page in guide.pages():
        found |= {guide.address(page.name), *(guide.address(f"{page.name}#{s.anchor}") for s in page.sections)}
    return found


def test_every_link_of_the_guide_leads_somewhere(console):
    texts = [page.lead + "".join(s.html for s in page.sections) for page in guide.pages()]
    texts += [answer.html for answer in guide.answers()]
    links = {link for text in texts for link in re.findall(r'href="([^"]+)"', text)}

    assert links
    for link in links - places():
        assert console.get(link).status == 200, link


def test_every_page_of_the_console_has_a_place_in_the_guide_that_exists():
    for pattern in urlpatterns:
        entry = str(pattern.pattern).split("/")[0] or "dashboard"
        place = guide.address(guide.section_for(str(pattern.name), entry))
        assert place in places(), pattern.name


@pytest.mark.covers("CED-36")
def test_the_guide_button_of_every_list_opens_what_the_guide_says_about_it(console, world):
    opened = {}
    for path in (*LISTS, f"/connections/{world.us.id}/skus/"):
        page = console.get(path)
        buttons = GUIDE_BUTTON.findall(page.html)
        assert len(buttons) == 1, path
        opened[path] = buttons[0]
        told = console.get(buttons[0])
        assert told.status == 200
        _name, _mark, anchor = buttons[0].partition("#")
        assert not anchor or f'id="{anchor}"' in told.html
        assert "http" not in re.sub(r'xmlns="[^"]+"', "", told.html)  # nothing of it comes from elsewhere

    assert opened == {
        "/products/": "/guide/products/",
        "/orders/": "/guide/orders/",
        "/templates/": "/guide/templates/",
        "/templates/categories/": "/guide/templates/#the-category-map",
        "/activity/": "/guide/activity/",
        "/activity/problems/": "/guide/activity/#problems",
        "/activity/webhooks/": "/guide/activity/#webhooks",
        "/activity/changes/": "/guide/activity/#changes",
        "/connections/": "/guide/connections/",
        "/returns/": "/guide/returns/",
        "/inventory/locations/": "/guide/inventory/#locations",
        "/inventory/warehouses/": "/guide/inventory/#push-rules",
        "/orders/sales/": "/guide/orders/#sales-and-customers",
        "/orders/deadlines/": "/guide/orders/#deadlines",
        "/orders/bigcommerce/": "/guide/orders/#bigcommerces-own-orders",
        f"/connections/{world.us.id}/skus/": "/guide/skus/",
    }


@pytest.mark.covers("CED-34")
def test_the_faq_is_at_the_foot_of_the_dashboard_and_in_the_navigation_and_is_searched_without_internet(console):
    page = console.get("/")
    block = page.html[page.html.index('aria-labelledby="faq"') :]
    first = guide.answers()[: dashboard._ANSWERS]
    assert re.findall(r'href="(/faq/#[^"]+)"', block) == [guide.answer_address(answer) for answer in first]
    assert all(answer.title in page for answer in first)
    assert '<a href="/faq/">View all FAQ articles</a>' in block
    assert page.html.index('aria-labelledby="faq"') > page.html.index('aria-labelledby="connected"')  # the last panel
    navigation = page.html[page.html.index("<nav") : page.html.index("</nav>")]
    assert 'href="/faq/"' in navigation

    every = console.get("/faq/")
    assert all(answer.title in every for answer in guide.answers())
    assert "http" not in every.html

    found = console.get("/faq/?q=tracking+NUMBER")
    assert [answer.title for answer in found["answers"]] == ["How does TikTok Shop get my tracking number?"]
    assert "1 of 18 answers has “tracking NUMBER”." in found
    assert [hit.title for hit in found["sections"]] == ["Ship an order", "Shipping"]
    assert "No answer has these words" in console.get("/faq/?q=nowhere-to-be-found")


@pytest.mark.covers("SILK-105")
@pytest.mark.parametrize(
    ("question", "says"),
    [
        ("What does Twinshelf cost?",
         ("Nothing.", "no monthly fee, no share of your sales", "Free years or trial months", "other connectors")),
        ("Why does a product not show on TikTok Shop after I listed it?",
         ("In review", "Failed", "Stopped by TikTok", "stock of 0")),
        ("What are the app key, the app secret and the access token?",
         ("app key names the app", "app secret proves", "access token is your permission", "Partner Center")),
        ("Which products need certificates or attributes, and where do I enter them?",
         ("by category", "Certificates: open the product", "fill in what is required")),
        ("How do I uninstall Twinshelf?",
         ("remove the app from your authorized apps", "delete the API account", "Your products stay on TikTok Shop")),
    ],
)  # fmt: skip
def test_the_five_topics_are_answered(console, question, says):
    answer = next(each for each in console.get("/faq/")["answers"] if each.title == question)

    text = " ".join(re.sub(r"<[^>]+>", "", answer.html).split())
    assert [words for words in says if words not in text] == []
    assert question in console.get("/faq/")


@pytest.mark.covers("BIGS-05")
def test_the_guide_says_that_no_special_network_is_needed(console):
    page = console.get("/guide/start/")

    assert "No special network is needed Twinshelf uses TikTok Shop's official sign-in for apps." in page
    assert "You do not need a separate computer, browser or IP address for it (IP isolation)." in page


@pytest.mark.parametrize("name", guide.PAGES)
def test_every_page_of_the_guide_opens_with_the_others_beside_it(console, name):
    page = console.get(f"/guide/{name}/")

    assert page.status == 200
    assert f'<a href="/guide/{name}/" aria-current="page">' in page.html
    assert {guide.address(other) for other in guide.PAGES} <= set(page.links)


def test_a_page_that_the_guide_does_not_have_is_not_found(console):
    assert console.get("/guide/nothing/").status == 404
    assert console.raw("/guide/").headers["Location"] == "/guide/start/"


@pytest.mark.covers("CED-37")
@pytest.mark.parametrize(
    ("named", "opens"),
    [
        ("help@fernhollow.example", "mailto:help@fernhollow.example"),
        ("https://help.example/ask", "https://help.example/ask"),
    ],
)
def test_the_button_for_the_support_opens_what_is_configured_on_every_page(console, supported, named, opens):
    supported(named)

    for path in (*LISTS, "/", "/faq/", "/guide/start/", "/settings/", "/search/"):
        assert f'<a class="contact" href="{opens}" title="Contact support">' in console.get(path).html, path


@pytest.mark.covers("CED-37")
def test_without_a_support_there_is_no_button(console):
    for path in (*LISTS, "/", "/faq/", "/nothing/here/"):
        page = console.get(path)
        assert "Contact support" not in page
        assert 'class="contact"' not in page.html


@pytest.mark.covers("BIGS-31")
def test_the_faq_and_pages_of_errors_lead_to_the_support(console, world, supported, monkeypatch):
    supported("help@fernhollow.example")
    link = '<a href="mailto:help@fernhollow.example">Contact support</a>'

    assert (
        'href="mailto:help@fernhollow.example">'
        in console.get("/faq/").html.partition("<main")[2].partition("</main")[0]
    )
    missing = console.get("/nothing/here/")
    assert (missing.status, link in missing.html) == (404, True)
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(world.owner)
    refused = strict.post("/sync/")
    assert (refused.status_code, link in refused.content.decode()) == (403, True)

    def fail(*_args, **_named):
        raise RuntimeError

    console.client.raise_request_exception = False
    monkeypatch.setattr("twinshelf.console.counts.buckets", fail)
    failed = console.get("/")
    assert (failed.status, link in failed.html) == (500, True)


@pytest.mark.parametrize("text", ["help", "javascript:alert(1)", "ftp://help.example", "a b@c.example"])
def test_a_support_that_is_neither_an_email_nor_a_page_stops_the_start(text):
    with pytest.raises(ValueError, match="support"):
        type(settings.OPERATOR)(support=text)


def test_the_search_at_the_top_finds_answers_too(console):
    page = console.get("/search/?q=uninstall")

    assert [hit.title for hit in page["answers"]] == ["How do I uninstall Twinshelf?"]
    assert "/faq/#how-do-i-uninstall-twinshelf" in page.links
