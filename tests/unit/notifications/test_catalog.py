"""The mails that ship with the program."""

import re
from pathlib import Path

import pytest
import yaml

from services.notifications.catalog import Catalog, CatalogBroken, UnknownTemplate
from services.notifications.domain.audience import Audience
from services.notifications.domain.content import MailContent
from services.notifications.facts import MoveFacts, OrderFacts, mentioned, move_facts, order_facts, post_facts
from tests.support.notices import moved, posted, snapshot

CATALOG = Catalog.load()
WORKFLOWS = Path(__file__).parents[3] / "services" / "workorders" / "workflows"
FULL = order_facts(snapshot())
BARE = OrderFacts(work_order_id="o", number="20107925", subject="Bare", state="Assigned")
MOVE = MoveFacts("Morgan Hale", reason="Weather", comment="Storm until <Wednesday> & later.")


def notices():
    for path in sorted(WORKFLOWS.glob("*.yaml")):
        definition = yaml.safe_load(path.read_text(encoding="utf-8"))
        for name, transition in definition["transitions"].items():
            for notice in transition.get("notices", []):
                yield path.stem, name, notice


def fill(code, order=FULL, move=MOVE, audience=Audience.EXECUTOR_ORGANIZATION):
    template = CATALOG.find(code, "en")
    return CATALOG.fill(template, order, move, audience=audience, url="http://x.example.com/1")


@pytest.mark.parametrize(("workflow", "transition", "notice"), list(notices()))
def test_every_mail_that_a_workflow_asks_for_is_shipped(workflow, transition, notice):
    assert CATALOG.find(notice["template"], "en").code == notice["template"]
    assert set(notice["to"]) <= {*Audience}


@pytest.mark.parametrize("template", CATALOG.templates(), ids=lambda template: f"{template.locale}/{template.code}")
@pytest.mark.parametrize("order", [FULL, BARE], ids=["full", "bare"])
@pytest.mark.parametrize("move", [MOVE, MoveFacts("Fieldmesh")], ids=["with words", "without"])
def test_every_mail_reads_well_whatever_is_known(template, order, move):
    for audience in Audience:
        content = CATALOG.fill(template, order, move, audience=audience, url="http://x.example.com/1")

        said = [content.subject, content.heading, *content.lead, content.next_steps, content.button, content.why]
        assert all(said)
        for text in [*said, *(fact.value for fact in content.facts)]:
            assert not re.search(r"[{}]|\bNone\b|  |\n| [.,:]", text), text
        # An invitation is about no order.
        assert order.number in content.subject or template.code == "person_invited"
        assert all(fact.value for fact in content.facts)


def test_a_first_delivery_date_is_news_and_a_later_one_names_the_one_before():
    first = fill("expected_delivery_changed", move=MoveFacts("Fieldmesh"))
    changed = fill("expected_delivery_changed", move=MoveFacts("Fieldmesh", earlier_delivery="Tue 1 Dec 2026"))

    assert first.heading == "The parts have a delivery date"
    assert "Expected before" not in {fact.label for fact in first.facts}
    assert changed.heading == "The expected delivery changed"
    assert ("Expected before", "Tue 1 Dec 2026") in {(fact.label, fact.value) for fact in changed.facts}


def test_who_reviews_a_completion_is_told_its_costs():
    told = snapshot()
    told.costs.rental_details = "Scissor lift\nfor a day"
    told.costs.rental_cost.currency_code, told.costs.rental_cost.micros = "USD", 1_234_500_000

    content = fill("work_order_completed", order_facts(told))

    assert ("Rental equipment", "1,234.50 USD: Scissor lift for a day") in {(f.label, f.value) for f in content.facts}
    assert "Permit" not in {fact.label for fact in content.facts}


def test_nobody_expects_parts_that_are_there():
    told = snapshot()
    told.fulfilment.phase = "delivered"

    assert order_facts(told).expected_delivery == ""
    assert FULL.expected_delivery != ""


def test_the_words_of_people_are_quoted_as_they_are():
    content = fill("work_order_sent_back", move=MoveFacts("Morgan Hale", comment="Line 1\n\nLine {{ 2 }}"))

    assert content.quote == "Line 1\n\nLine {{ 2 }}"
    assert content.quote_by == "Morgan Hale"


def test_a_subject_is_one_line_whatever_the_order_says():
    order = order_facts(snapshot(subject="One\r\nBcc: everybody@example.com"))

    assert fill("work_order_assigned", order).subject.endswith("One Bcc: everybody@example.com")


def test_a_language_that_is_not_shipped_falls_back():
    assert CATALOG.find("mention", "en-GB").locale == "en"
    assert CATALOG.find("mention", "fi").locale == "en"
    with pytest.raises(UnknownTemplate, match="greeting"):
        CATALOG.find("greeting", "en")


def test_the_target_waits_for_the_parts_until_their_delivery_is_known():
    order = snapshot()
    order.sla.state = 2

    assert order_facts(order).sla_due == "follows the delivery of the parts"


@pytest.mark.req("CP-16")
def test_an_order_without_entitlement_mentions_no_target():
    order = snapshot()
    order.ClearField("sla")

    assert order_facts(order).sla_due == ""
    assert "Target SLA date" not in {fact.label for fact in fill("work_order_assigned", order_facts(order)).facts}


def test_an_ordinary_priority_is_not_worth_a_line():
    assert order_facts(snapshot(priority=2)).priority == ""
    assert order_facts(snapshot(priority=4)).priority == "Critical"


def test_services_act_under_the_products_name():
    event = moved(actor="service:shipping")

    assert move_facts(event).actor == "Fieldmesh"


@pytest.mark.req("CP-57")
def test_a_post_tells_who_is_mentioned_and_what_was_said():
    event = posted("See @Dana and @NA Field Service Team", ("person", "dana"), ("team", "na"))

    assert mentioned(event).mentioned_person_ids == ("dana",)
    assert mentioned(event).mentioned_team_ids == ("na",)
    assert post_facts(event) == MoveFacts("Morgan Hale", comment="See @Dana and @NA Field Service Team")


def test_content_survives_being_stored():
    content = fill("technician_assigned")

    assert MailContent.from_json(content.as_json() | {"later": 1}) == content


def test_a_template_with_an_unknown_line_is_named(tmp_path):
    folder = tmp_path / "en"
    folder.mkdir()
    (folder / "_shared.yaml").write_text("facts: {}\nwhy: {}\n")
    template = "version: 1\nname: N\nsubject: S\nheading: H\nlead: [L]\ntone: info\nfacts: [moon]\nnext: N\nbutton: B\n"
    (folder / "hello.yaml").write_text(template)

    with pytest.raises(CatalogBroken, match=r"en/hello\.yaml.*moon"):
        Catalog.load(tmp_path)


def test_a_template_without_a_subject_is_named(tmp_path):
    folder = tmp_path / "en"
    folder.mkdir()
    (folder / "_shared.yaml").write_text("facts: {}\nwhy: {}\n")
    (folder / "hello.yaml").write_text("version: 1\n")

    with pytest.raises(CatalogBroken, match=r"en/hello\.yaml.*subject"):
        Catalog.load(tmp_path)
