"""One small folder of each convention, with the quirks of real ones, and what is expected of each.

``refused`` is for lint alone: reading refuses it. The bytes of the files are kept by ``.gitattributes``.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Sample:
    """A folder and what becomes of it."""

    name: str
    scripts: tuple[str, ...]
    """In the order in which an empty schema gets them; one with a star runs outside a transaction."""
    relations: tuple[str, ...]
    """Some of what is there afterwards."""
    findings: tuple[tuple[str, int, str], ...] = ()
    """What lint says: file, line, rule."""
    back: tuple[str, ...] = ()
    """Migrations that have a way back."""

    @property
    def path(self) -> Path:
        return HERE / self.name

    @property
    def applied(self) -> list[str]:
        return [script.removesuffix(" *") for script in self.scripts]


_LONG = "V3__a_description_that_is_as_long_as_a_name_in_postgresql_may_be_63.sql"

SAMPLES = (
    Sample(
        "flyway",
        (
            "V1__customers.sql",
            "V1.1__orders.sql",
            "V2__refunds.sql",
            "V10__refund_existing.sql",
            "R__order_summary.sql",
        ),
        ("customers", "orders", "orders_customer", "order_summary"),
        (("U2__refunds.sql", 1, "empty-undo"),),
        back=("V1.1__orders.sql",),
    ),
    Sample(
        "golang-migrate",
        ("000001_accounts.up.sql", "000009_balance.up.sql", "00010_transfers.up.sql"),
        ("accounts", "transfers"),
        (("000009_balance.up.sql", 4, "long-statement"), ("00010_transfers.down.sql", 1, "empty-undo")),
        back=("000001_accounts.up.sql", "000009_balance.up.sql"),
    ),
    Sample(
        "sqlx",
        (
            "20230105093000_users.sql",
            "20230210120000_users_by_login.sql *",
            "20230301080000_sessions.sql",
        ),
        ("users", "users_by_login", "sessions"),
        (("20230210120000_users_by_login.sql", 2, "long-statement"),),
    ),
    Sample(
        "diesel",
        (
            "2024-01-15-093000_create_posts",
            "2024-02-01-120000-0000_index_published *",
            "2024-03-10-000000_drop_body",
        ),
        ("posts", "posts_published"),
        (
            ("2024-02-01-120000-0000_index_published/up.sql", 1, "long-statement"),
            ("2024-03-10-000000_drop_body/up.sql", 1, "ban-drop-column"),
        ),
        back=(
            "2024-01-15-093000_create_posts",
            "2024-02-01-120000-0000_index_published",
            "2024-03-10-000000_drop_body",
        ),
    ),
    Sample(
        "dbmate",
        (
            "20240201100000_create_teams.sql",
            "20240202100000_index_teams.sql *",
            "20240203100000_rename_team.sql",
        ),
        ("teams", "teams_name"),
        (
            ("20240202100000_index_teams.sql", 2, "long-statement"),
            ("20240203100000_rename_team.sql", 1, "empty-undo"),
            ("20240203100000_rename_team.sql", 2, "renaming-column"),
        ),
        back=("20240201100000_create_teams.sql", "20240202100000_index_teams.sql"),
    ),
    Sample(
        "goose",
        ("00001_stock.sql", "00002_stock_amount.sql *", "00003_stock_log.sql"),
        ("stock", "stock_amount", "stock_log"),
        (("00002_stock_amount.sql", 3, "long-statement"),),
        back=("00001_stock.sql", "00002_stock_amount.sql", "00003_stock_log.sql"),
    ),
    Sample(
        "sql-migrate",
        ("1_people.sql", "1_pets.sql", "2_people_name.sql *"),
        ("people", "pets", "people_name"),
        (("2_people_name.sql", 2, "long-statement"),),
        back=("1_people.sql", "1_pets.sql", "2_people_name.sql"),
    ),
    Sample(
        "numbered",
        ("000001.sql", "000002.sql", "000003.sql"),
        ("jobs",),
        (
            ("000002.sql", 1, "long-statement"),
            ("000003.sql", 2, "changing-column-type"),
            ("000003.sql", 2, "no-way-back"),
        ),
    ),
    Sample(
        "sqitch",
        ("appschema.sql", "flips@v1.0.0.sql", "flips.sql"),
        ("members", "flips"),
        back=("appschema.sql", "flips@v1.0.0.sql", "flips.sql"),
    ),
    Sample("ordered", ("schema.sql", "readers.sql", "seed.sql"), ("country",), back=("seed.sql",)),
    Sample("nested", ("V1__baseline.sql", "V2__booked.sql", "V3__booked_index.sql"), ("ledger", "ledger_open")),
    Sample(
        "dialects",
        ("20200101000001_identities.postgres.up.sql", "20200101000002_networks.up.sql"),
        ("identities", "networks"),
        back=("20200101000001_identities.postgres.up.sql", "20200101000002_networks.up.sql"),
    ),
    Sample(
        "autocommit",
        ("20210817181232000001_clients.up.sql", "20220301000000000001_clients_nid.autocommit.up.sql *"),
        ("clients", "clients_nid"),
        (("20220301000000000001_clients_nid.autocommit.up.sql", 1, "long-statement"),),
        back=("20210817181232000001_clients.up.sql", "20220301000000000001_clients_nid.autocommit.up.sql"),
    ),
    Sample(
        "steps",
        ("V1__documents.sql", "V2__count_words.py", "V3__trim.py"),
        ("documents",),
        (("V3__trim.py", 1, "no-way-back"),),
        back=("V2__count_words.py",),
    ),
    Sample(
        "odd-bytes",
        ("V1__windows.sql", "V2__partitions_2024-01.sql", _LONG, "V4__dollar_quotes.sql"),
        ("readings", '"readings_2024-01"', '"readings_2024-02"', ("readings_of_devices_" * 4)[:63]),
        ((_LONG, 3, "long-name"), (_LONG, 3, "long-statement")),
    ),
    Sample("two-folders/own", ("V1__members.sql", "V2__audit.sql", "V3__member_audit.sql"), ("members", "audit")),
    Sample("dump", ("V1__dump.sql",), ("item", "item_id_seq"), (("V1__dump.sql", 12, "extension-in-tenant"),)),
    Sample(
        "transactions",
        ("V1__counters.sql *", "V2__settings_of_the_session.sql"),
        ("counters",),
        (("V1__counters.sql", 4, "mixed-transaction"),),
    ),
    Sample(
        "risky",
        (
            "V1__inventory.sql",
            "V2__find_tables.sql",
            "V3__long.sql *",
            "V4__drops.sql",
            "V5__ignored.sql",
            "V6__many.sql",
        ),
        ("inventory",),
        (
            ("V1__inventory.sql", 1, "extension-in-tenant"),
            ("V1__inventory.sql", 4, "frozen-value"),
            ("V2__find_tables.sql", 4, "lookup-without-schema"),
            *(("V3__long.sql", line, "long-statement") for line in range(1, 6)),
            ("V3__long.sql", 5, "mixed-transaction"),
            ("V4__drops.sql", 1, "ban-drop-column"),
            ("V4__drops.sql", 1, "no-way-back"),
            ("V5__ignored.sql", 1, "unknown-rule"),
            ("V6__many.sql", 1, "lock-held"),
        ),
        back=("V6__many.sql",),
    ),
)

REFUSED = Sample(
    "refused",
    (),
    (),
    (
        ("U1__reaches_out.sql", 1, "escapes-schema"),
        ("U1__reaches_out.sql", 2, "refused-statement"),
        ("V1__reaches_out.sql", 2, "escapes-schema"),
        ("V1__reaches_out.sql", 3, "escapes-schema"),
        ("V1__reaches_out.sql", 4, "escapes-schema"),
        ("V1__reaches_out.sql", 5, "refused-statement"),
        ("V1__reaches_out.sql", 6, "escapes-schema"),
        ("V2__directives.sql", 1, "unreadable"),
        ("V2__directives.sql", 1, "unreadable"),
        ("V2__directives.sql", 2, "refused-statement"),
        ("V2__directives.sql", 3, "ban-drop-table"),
        ("V2__directives.sql", 3, "escapes-schema"),
        ("V2__directives.sql", 3, "no-way-back"),
        ("V3__step.py", 1, "unreadable"),
        ("seed.sql", 1, "unreadable"),
    ),
)
"""A folder in which everything is wrong at once."""
