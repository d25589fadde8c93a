"""Counters of recent tries. Unlogged: fast, and gone after a crash, which harms nobody."""

from django.db import migrations

SQL = """
CREATE UNLOGGED TABLE core_ratelimit (
    key varchar(64) PRIMARY KEY,
    until timestamptz NOT NULL,
    count integer NOT NULL
);
CREATE INDEX core_ratelimit_until ON core_ratelimit (until);
"""


class Migration(migrations.Migration):
    dependencies = [("core", "0002_append_only")]
    operations = [migrations.RunSQL(SQL, "DROP TABLE core_ratelimit")]
