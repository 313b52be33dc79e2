"""What we use of Flower that is no documented interface, one test each: an upgrade that breaks one says which."""

from __future__ import annotations

import inspect
import re
from types import SimpleNamespace

import flower.app
import flower.command
import flower.urls
import flower.views
import pytest
import tornado.web
from flower.api import BaseApiHandler
from flower.options import default_options
from flower.views.monitor import Healthcheck, Metrics

from migrator.web import flower_parts, plugin
from migrator.web.routes import ROUTES
from migrator.web.security import Closed, ClosedToStrangers


@pytest.fixture
def installed(monkeypatch):
    """Flower's routes and settings with ours in them, put back in the end."""
    monkeypatch.setattr(flower.urls, "handlers", list(flower.urls.handlers))
    monkeypatch.setattr(flower_parts, "handlers", flower.urls.handlers)
    before = dict(flower.urls.settings)
    plugin.install()
    yield flower.urls
    flower.urls.settings.clear()
    flower.urls.settings.update(before)


def source_of(name: str) -> str:
    return flower_parts.templates()[name]


def test_flowers_application_takes_its_routes_from_the_list_that_we_change():
    assert flower.app.default_handlers is flower.urls.handlers is flower_parts.handlers


def test_flowers_command_takes_its_settings_from_the_mapping_that_we_change():
    assert flower.command.settings is flower.urls.settings is flower_parts.settings
    assert "**settings" in inspect.getsource(flower.command.flower.callback)


def test_flowers_command_is_a_click_command_whose_function_takes_the_options_as_they_are():
    assert list(inspect.signature(flower.command.flower.callback.__wrapped__).parameters) == ["ctx", "tornado_argv"]


def test_flower_reads_environment_command_line_and_configuration_by_the_functions_that_we_call():
    assert list(inspect.signature(flower.command.apply_env_options).parameters) == []
    assert list(inspect.signature(flower.command.apply_options).parameters) == ["prog_name", "argv"]


@pytest.mark.parametrize(
    "name", ["address", "auth", "basic_auth", "port", "max_tasks", "tasks_columns", "enable_events", "read_only"]
)
def test_flower_has_the_option(name):
    assert name in default_options


def test_flowers_handlers_know_their_user_by_a_method_that_refuses_wrong_credentials():
    refused = SimpleNamespace(
        application=SimpleNamespace(options=SimpleNamespace(basic_auth=["ann:secret"], auth="")),
        request=SimpleNamespace(headers={"Authorization": "Basic YW5uOndyb25n"}),
    )
    with pytest.raises(tornado.web.HTTPError) as raised:
        flower.views.BaseHandler.get_current_user(refused)
    assert raised.value.status_code == 401


@pytest.mark.parametrize("name", ["prepare", "set_default_headers", "write_error", "check_xsrf_cookie", "render"])
def test_flowers_handlers_have_the_method_that_ours_come_before(name):
    assert callable(getattr(flower.views.BaseHandler, name))
    assert issubclass(BaseApiHandler, flower.views.BaseHandler)


def test_flowers_menu_has_an_entry_before_which_ours_can_stand():
    linked = flower_parts.with_link(source_of("navbar.html"), "<li>ours</li>")
    assert linked.count("<li>ours</li>") == 1
    assert linked.index("<li>ours</li>") < linked.index("reverse_url('workers')")


def test_a_menu_that_is_made_otherwise_costs_the_link_and_nothing_else():
    assert flower_parts.with_link("<nav>new</nav>", "<li>ours</li>") == "<nav>new</nav>"


def test_flowers_menu_knows_which_entry_is_active_by_a_word():
    assert "active_tab ==" in source_of("navbar.html")


def test_flowers_only_inline_script_is_the_switch_whose_hash_we_allow():
    inline = re.findall(r"<script[^>]*>\s*[^<\s]", "".join(flower_parts.templates().values()))
    assert len(inline) == 1
    assert flower_parts.inline_scripts() == ["\nvar autorefresh = 0;\n", "\nvar autorefresh = 1;\n"]


@pytest.mark.parametrize(
    "file", ["js/theme.js", "js/bootstrap.bundle.min.js", "css/bootstrap.min.css", "css/flower.css"]
)
def test_flower_has_the_file_that_our_pages_load(file):
    assert (plugin.HERE.__class__(flower.urls.settings["static_path"]) / file).is_file()


def test_flowers_styles_have_the_colours_that_ours_build_on():
    path = plugin.HERE.__class__(flower.urls.settings["static_path"]) / "css/flower.css"
    ours = (plugin.HERE / "static" / "migrator.css").read_text()
    used = set(re.findall(r"var\((--flower-[\w-]+)", ours))
    assert used
    assert {name for name in used if f"{name}:" not in path.read_text()} == set()


def test_flower_leaves_metrics_and_healthcheck_open_which_is_why_we_close_them():
    patterns = {flower_parts.routes_of(route)[0].removesuffix("$"): route for route in flower.urls.handlers}
    assert set(plugin.READ_BY_PROGRAMS) | set(plugin.LEADS_IN) <= set(patterns)
    assert not hasattr(Metrics.get, "__wrapped__")
    assert not hasattr(Healthcheck.get, "__wrapped__")


def test_flowers_metrics_are_written_by_a_method_without_arguments_behind_which_ours_can_stand():
    assert inspect.iscoroutinefunction(Metrics.get)
    assert list(inspect.signature(Metrics.get).parameters) == ["self"]


def test_our_routes_come_first_and_every_route_of_flowers_is_behind_our_door(installed):
    patterns = [flower_parts.routes_of(route) for route in installed.handlers]
    assert [pattern.removesuffix("$") for pattern, *_ in patterns[: len(ROUTES)]] == [p for p, *_ in ROUTES]
    login = plugin.LEADS_IN[0]
    open_ones = [p for p, handler, *_ in patterns if not issubclass(handler, Closed) and p.removesuffix("$") != login]
    assert open_ones == []
    closed = {p.removesuffix("$"): handler for p, handler, *_ in patterns}
    assert all(issubclass(closed[path], ClosedToStrangers) for path in plugin.READ_BY_PROGRAMS)


def test_flower_and_we_share_one_namespace_of_templates_and_all_of_them_compile(installed):
    loader = installed.settings["template_loader"]
    for name in loader.dict:
        loader.load(name)
    assert {"base.html", "workers.html", "migrator.html", "migrator_execution.html"} <= set(loader.dict)


def test_installing_twice_adds_nothing(installed):
    before = list(installed.handlers)
    plugin.install()
    assert installed.handlers == before
