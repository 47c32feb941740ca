"""Addresses of the console."""

from __future__ import annotations

from django.urls import path

from twinshelf.console.views import activity, connections, dashboard, orders, people, preferences, products

urlpatterns = [
    path("", dashboard.dashboard, name="dashboard"),
    path("running/", dashboard.running, name="dashboard_tasks"),
    path("sync/", dashboard.sync_now, name="sync_now"),
    path("check/", dashboard.check, name="check"),
    path("search/", dashboard.search, name="search"),
    path("products/", products.products, name="products"),
    path("products/categories/", products.categories, name="product_categories"),
    path("products/pull/", products.pull, name="products_pull"),
    path("products/<int:pk>/", products.product, name="product"),
    path("products/do/<slug:action>/", products.act, name="products_act"),
    path("orders/", orders.orders, name="orders"),
    path("orders/fetch/", orders.fetch, name="orders_fetch"),
    path("orders/fetch-missed/", orders.fetch_missed, name="orders_fetch_missed"),
    path("orders/<int:pk>/", orders.order, name="order"),
    path("orders/<int:pk>/retry/", orders.retry, name="order_retry"),
    path("orders/<int:pk>/sync/", orders.sync, name="order_sync"),
    path("orders/<int:pk>/cancel/", orders.cancel, name="order_cancel"),
    path("activity/", activity.activity, name="activity"),
    path("activity/running/", activity.running, name="activity_running"),
    path("activity/problems/", activity.problems, name="problems"),
    path("activity/problems/confirm/", activity.confirm, name="problems_confirm"),
    path("activity/problems/<int:problem_id>/retry/", products.retry_problem, name="problem_retry"),
    path("activity/webhooks/", activity.webhooks, name="webhooks"),
    path("activity/changes/", activity.changes, name="changes"),
    path("activity/<int:task_id>/", activity.task, name="task"),
    path("activity/<int:task_id>/cancel/", activity.cancel_task, name="task_cancel"),
    path("activity/<int:task_id>/undo/", products.undo, name="task_undo"),
    path("activity/<int:task_id>/items.csv", activity.task_items, name="task_items"),
    path("connections/", connections.index, name="connections"),
    path("connections/store/", connections.connect_store, name="connect_store"),
    path("connections/authorize/", connections.authorize, name="authorize"),
    path("connections/tiktok", connections.authorized, name="authorized"),
    path("connections/tiktok/confirm/", connections.confirm, name="confirm_authorization"),
    path("connections/pair/", connections.pair, name="pair"),
    path("connections/<int:connection_id>/template/", connections.template, name="template"),
    path("connections/<int:connection_id>/settings/", preferences.preferences, name="preferences"),
    path("connections/<int:connection_id>/settings/effect/", preferences.effect, name="preferences_effect"),
    path("connections/<int:connection_id>/settings/undo/<int:entry_id>/", preferences.undo, name="preferences_undo"),
    path("connections/<int:connection_id>/rename/", preferences.rename, name="connection_rename"),
    path("connections/<int:connection_id>/<slug:action>/", connections.act, name="connection_act"),
    path("settings/", people.settings, name="settings"),
    path("theme/", people.theme, name="theme"),
    path("keys/", people.keys, name="keys"),
    path("account/", people.switch_account, name="switch_account"),
]
