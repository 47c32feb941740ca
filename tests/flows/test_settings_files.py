"""The settings of a connection as a file: written, read again, brought to another connection, and what is refused."""

from __future__ import annotations

import io
from contextlib import contextmanager

import pytest
import typer
import yaml
from rich.console import Console
from typer.testing import CliRunner

from tests.flows.neighbors import connect_shop
from tests.flows.test_locations import second_location
from twinshelf.accounts.actors import COMMAND_LINE
from twinshelf.accounts.models import AuditEntry
from twinshelf.cli import settings as commands
from twinshelf.connections.preferences import preferences_from_json
from twinshelf.errors import DocumentError
from twinshelf.preferences import actions as preferences
from twinshelf.preferences import files
from twinshelf.rules import actions as rules
from twinshelf.rules import push_rules
from twinshelf.rules import queries as templates
from twinshelf.rules.conditions import Condition, Field, Match, Operator, RuleGroup
from twinshelf.rules.models import PushRule
from twinshelf.rules.templates import AttributeRule, TemplateRules

CHOSEN = {
    "catalog_direction": "disabled", "auto_import": True, "auto_delete": True, "sku_scope": ["MUG-1", "0012"],
    "strict_sku_match": True, "include_unpurchasable": True, "push_opt_in": True, "gtin_required": True,
    "gtin_reason": "Brand or manufacturer does not provide a GTIN", "package.length": 12, "package.width": 3,
    "package.height": 4, "package.weight": 5, "manual_updates_only": True, "sync.name.create": "connector",
    "sync.name.update": "tts", "sync.description.update": "tts", "sync.price.update": "tts", "sync.media.update": "tts",
    "sync.barcode.create": "none", "sync.barcode.update": "tts", "sync.stock.create": "none",
    "sync.stock.update": "tts", "sync.weight.update": "tts",
    "exchange_rate": "0.88", "tax_percent": "19.50", "price_rule.kind": "percent_down",
    "price_rule.value": "7.25", "use_sale_price": True, "price_guard_percent": "20", "inventory_direction": "disabled",
    "stock_scope": ["no", "1e3"], "threshold": 5, "threshold_mode": "deactivate", "stock_percent": 80, "stock_cap": 40,
    "last_units": 2, "reserve": 1, "untracked_quantity": 50, "pull_locations": True, "stock_while_off": True,
    "pull_orders": False, "pull_store_orders": True, "create_unpaid": True, "sync_fbt": True, "retry_orders": False,
    "email_pattern": "{order_id}@shop.example", "relay_email": True, "archive_cancelled": True,
    "platform_shipping_text": "TikTok ships: it", "shipping_methods": [["Standard", "Ground"]],
    "unpaid_status": "pending", "awaiting_shipment_status": "awaiting_shipment",
    "awaiting_collection_status": "shipped", "in_transit_status": "completed", "completed_status": "awaiting_pickup",
    "delivered_status": "shipped", "order_poll_minutes": 30, "order_ids": ["576461413038787168"],
    "fulfillment_direction": "disabled", "carriers": [["DFL = DE", "DFL US"]], "cancel_tts_to_bc": False,
    "cancel_bc_to_tts": False, "cancel_app_to_bc": False, "cancel_reason": "seller_cancel_reason_wrong_price",
    "refund_returns": False, "restock_returns": True,
}  # fmt: skip
"""Every preference, otherwise than its default."""


@pytest.fixture
def prompt(twinshelf):
    """Runs `twinshelf settings …`; gives (exit code, what it printed)."""

    @contextmanager
    def opened(_name):
        twinshelf.connection.refresh_from_db()
        yield twinshelf.account, twinshelf.connection

    out = io.StringIO()

    def complain(what, remedy=""):
        out.write(f"{what} {remedy}\n")
        return 1

    app = typer.Typer()
    commands.mount(app, Console(file=out, width=200), opened, complain)

    def run(*words):
        out.truncate(out.seek(0))
        done = CliRunner().invoke(app, ["settings", *words])
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return done.exit_code, out.getvalue() + done.stdout

    return run


def make_template(twinshelf, name, *, category_id="600001", path="Kitchen > Mugs", **more):
    made, _task = rules.put_template(
        twinshelf.connection, None, name=name, default=False, category_id=category_id, category_path=path,
        rules=TemplateRules(**more), by=COMMAND_LINE,
    )  # fmt: skip
    return made


@pytest.mark.covers("BEY-11")
def test_settings_are_written_to_a_file_and_come_back_the_same(store, twinshelf, prompt, tmp_path):
    preferences.change(twinshelf.connection, CHOSEN, by=COMMAND_LINE)
    group = RuleGroup(
        match=Match.ANY, conditions=(Condition(field=Field.TITLE, operator=Operator.CONTAINS, value="mug, «blue»: #1"),)
    )
    make_template(twinshelf, "Mugs", group=group, attributes=(AttributeRule(name="Material", value="Enamel"),))
    make_template(twinshelf, "By default: yes", brand_id="7082427311584347905")
    rules.set_default_template(
        twinshelf.connection, category_id="600009", categories=[{"key": "Home > Tea", "category_id": "600002"}],
        by=COMMAND_LINE,
    )  # fmt: skip
    one = tmp_path / "one.yaml"
    code, said = prompt("export", str(one))
    assert (code, said.strip()) == (0, f"Written: {one}. Nothing in it is secret.")
    kept = one.read_text()
    file = yaml.safe_load(kept)
    assert file["settings"] == CHOSEN | {"carriers": {"DFL = DE": "DFL US"}, "shipping_methods": {"Standard": "Ground"}}
    assert [row["name"] for row in file["templates"]] == ["Default", "Mugs", "By default: yes"]
    assert file["push_rules"] == []
    assert prompt("export")[1] == kept

    assert prompt("import", str(one)) == (0, "The file says what is so already.\n")
    noted = AuditEntry.objects.count()

    # Another state of the same connection, and back by the file.
    (tmp_path / "none.yaml").write_text("twinshelf: 1\nsettings: {}\ntemplates:\n- {name: Default, default: true}\n")
    code, said = prompt("import", str(tmp_path / "none.yaml"), "--prune", "--preview")
    assert code == 0
    assert "Nothing was changed." in said
    for place, before in (("settings.threshold", "5"), ("templates.Mugs: category", "Kitchen > Mugs (600001)")):
        rows = [[cell.strip() for cell in line.split("│")[1:4]] for line in said.splitlines() if "│" in line]
        [line] = [row for row in rows if row[0] == place]
        nothing = "default" if place.startswith("settings") else "–"
        assert line == [place, before, nothing]
    assert (prompt("export")[1], AuditEntry.objects.count()) == (kept, noted)

    code, said = prompt("import", str(tmp_path / "none.yaml"))
    assert (code, "Mugs" in said, "By default" in said) == (0, False, False)
    twinshelf.connection.refresh_from_db()
    assert preferences_from_json(twinshelf.connection.preferences) == preferences_from_json({})
    assert [one.name for one in templates.templates_named(twinshelf.connection)] == [
        "Mugs",
        "By default: yes",
    ]  # not named: they stay
    assert prompt("import", str(tmp_path / "none.yaml"), "--prune")[0] == 0
    assert templates.templates_named(twinshelf.connection) == []

    code, said = prompt("import", str(one))
    assert (code, "Saved:" in said) == (0, True)
    assert prompt("export")[1] == kept
    assert AuditEntry.objects.filter(action="preferences.change").count() == 3
    brand = (tmp_path / "brand.yaml", kept.replace("7082427311584347905", "7082427311584347906"))
    brand[0].write_text(brand[1])
    assert "templates.By default: yes: brand_id" in prompt("import", str(brand[0]))[1]
    assert prompt("export")[1] == brand[1]
    again = kept.replace("- name: Mugs", "- name: Cups", 1)  # a name is who it is: a new one, after the others
    (tmp_path / "cups.yaml").write_text(again)
    assert prompt("import", str(tmp_path / "cups.yaml"))[0] == 0
    assert [one.name for one in templates.templates_named(twinshelf.connection)] == ["Cups", "By default: yes", "Mugs"]


@pytest.mark.covers("BEY-11")
def test_push_rules_come_back_from_a_file(sandbox, store, twinshelf, tmp_path):
    shop, driven = connect_shop(sandbox, twinshelf, "Outlet", warehouses=["Harbor", "Mill"])
    rows = sandbox.world.table("tt/shops")[shop.id]["warehouses"]
    harbor, mill = [row["id"] for row in rows if row["type"] == "SALES_WAREHOUSE"]
    reno, show = (str(second_location(store, label)) for label in ("Reno", "Showroom"))
    connection = driven.connection
    preferences.change(connection, {"pull_locations": True}, by=COMMAND_LINE)
    driven.settle()
    push_rules.set_rule(connection, mill, linked=[reno], only=reno, by=COMMAND_LINE)
    push_rules.link(connection, show, "", by=COMMAND_LINE)
    kept = files.written(connection)
    file = yaml.safe_load(kept)
    assert file["push_rules"] == [
        {"warehouse": harbor, "locations": ["1"]}, {"warehouse": mill, "locations": [reno], "only": reno},
    ]  # fmt: skip
    assert file["other_locations"] == [show]

    push_rules.remove_rule(connection, mill, by=COMMAND_LINE)
    push_rules.set_rule(connection, harbor, linked=["1", show], by=COMMAND_LINE)
    back = files.read(kept, connection)
    assert {one.place for one in back.differences} == {
        f"push_rules.{harbor}", f"push_rules.{mill}", "other_locations",
    }  # fmt: skip
    files.carry_out(connection, back, by=COMMAND_LINE)

    assert files.written(connection) == kept
    by_hand = dict(PushRule.objects.filter(connection=connection).values_list("warehouse_id", "chosen"))
    for text, told in (
        ("twinshelf: 1\npush_rules: []\n", "One warehouse must get the stock. To keep the rules, leave this part out."),
        (kept.replace(f"- '{reno}'", "- '1'"), "The location 1 can feed one warehouse only."),
    ):
        with pytest.raises(DocumentError, match=told):
            files.carry_out(connection, files.read(text, connection), by=COMMAND_LINE)
    mill_alone = kept.replace(f"  only: '{reno}'\n", "")
    files.carry_out(connection, files.read(mill_alone, connection), by=COMMAND_LINE)
    assert files.written(connection) == mill_alone
    assert dict(PushRule.objects.filter(connection=connection).values_list("warehouse_id", "chosen")) == by_hand
    files.carry_out(connection, files.read(kept, connection), by=COMMAND_LINE)
    assert list(files.read(kept, connection).differences) == []


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("twinshelf: 2", "twinshelf: This file is of format 2, and this version reads 1."),
        ("settings: {}", "Object missing required field `twinshelf`."),
        ("twinshelf: 1\nsetings: {}", "Object contains unknown field `setings`."),
        ("twinshelf: 1\nsettings: {treshold: 5}", "settings.treshold: There is no such setting."),
        ("twinshelf: 1\nsettings: {threshold: five}", "settings.threshold: Must be a whole number."),
        ("twinshelf: 1\nsettings: {order_poll_minutes: 31}", "settings.order_poll_minutes: "),
        ("twinshelf: 1\nsettings: {sku_scope: [0012]}", "settings.sku_scope: Must be a list, with each"),
        ("twinshelf: 1\nsettings: {manual_updates_only: 1}", "settings.manual_updates_only: Must be true or false."),
        ("twinshelf: 1\nsettings: {carriers: [a]}", "settings.carriers: Must be a map"),
        ("twinshelf: 1\nsettings: {email_pattern: nobody}", "settings.email_pattern: Must be an email address"),
        ("twinshelf: 1\nsettings: &a {x: *a}", "line 2: Write the value out"),
        ("twinshelf: 1\nsettings: {", "line 2: This is no YAML"),
        ("twinshelf: 1\nsettings: {threshold: 2026-13-45}", "file: Cannot be read: ValueError."),
        ("twinshelf: 1\ntemplates: [{name: A}]", "templates[0].category_id: “A” needs a TikTok category."),
        ("twinshelf: 1\ntemplates: [{name: '', category_id: '1'}]", "templates[0].name: Needs a name of its own"),
        ("twinshelf: 1\ntemplates: [{name: A, category_id: 1}]", "templates[0].category_id: Expected `str`"),
        (
            "twinshelf: 1\ntemplates: [{name: A, category_id: '1', rules: {price_rule: {kind: fixed_up, value: x}}}]",
            "templates[0].rules.price_rule.value: ",
        ),
        ("twinshelf: 1\npush_rules: [{warehouse: '7'}]", "push_rules[0].warehouse: The shop does not sell from this"),
        (f"twinshelf: 1\nsettings: {{threshold: {'[' * 5000}{']' * 5000}}}", "file: Cannot be read: RecursionError."),
        ("\x00", "no YAML"),
    ],
)  # fmt: skip
def test_a_file_that_does_not_fit_is_refused_by_the_place_and_changes_nothing(prompt, tmp_path, text, told):
    noted = AuditEntry.objects.count()
    (tmp_path / "bad.yaml").write_text(text)

    code, said = prompt("import", str(tmp_path / "bad.yaml"))

    assert (code, told in said, "Nothing was changed." in said) == (2, True, True), said
    assert AuditEntry.objects.count() == noted


def test_what_is_no_file_is_said(prompt, tmp_path):
    assert prompt("import", str(tmp_path / "none.yaml")) == (
        2, f"{tmp_path / 'none.yaml'}: No such file or directory Give a file to read.\n",
    )  # fmt: skip
    assert prompt("export", str(tmp_path / "none" / "x.yaml"))[0] == 2


def test_a_template_that_does_not_fit_keeps_the_settings_of_its_file_from_being_changed(prompt, twinshelf, tmp_path):
    (tmp_path / "half.yaml").write_text(
        "twinshelf: 1\nsettings: {threshold: 9}\npush_rules: [{warehouse: '7'}]\n"
        "templates: [{name: A, category_id: '600001'}]\n"
    )

    assert prompt("import", str(tmp_path / "half.yaml"))[0] == 2

    twinshelf.connection.refresh_from_db()
    assert preferences_from_json(twinshelf.connection.preferences).threshold is None
    assert templates.template_named(twinshelf.connection, "A") is None
