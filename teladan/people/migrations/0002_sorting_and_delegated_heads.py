"""Heads with a delegation to appraise; sorting by the bare name and searching inside it, quick at 100,000 people."""

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.contrib.postgres.operations import TrigramExtension
from django.db import migrations, models

import teladan.people.models

# BEGIN ATOMIC bodies are parsed once, so a restored dump does not depend on the search path of the day.
SORT_NAME = """
CREATE FUNCTION teladan_sort_name(text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN lower(unaccent('unaccent'::regdictionary, $1));
"""


class Migration(migrations.Migration):
    dependencies = [("people", "0001_initial"), ("core", "0001_initial")]
    operations = [
        TrigramExtension(),
        migrations.RunSQL(SORT_NAME, "DROP FUNCTION teladan_sort_name(text);"),
        migrations.AddField(
            model_name="unitperiod",
            name="head_delegated",
            field=models.BooleanField(
                default=False,
                help_text="Kepala yang pejabat fungsional diberi wewenang menilai (PermenPANRB 6/2022 lampiran IV.A.7).",
            ),
        ),
        migrations.AddField(
            model_name="person",
            name="sort_name",
            field=models.GeneratedField(
                db_persist=True,
                expression=teladan.people.models.SortName(models.F("name")),
                output_field=models.CharField(max_length=160),
            ),
        ),
        migrations.RemoveIndex(model_name="person", name="people_pers_name_3035d1_idx"),
        migrations.AddIndex(
            model_name="person", index=models.Index(fields=["sort_name", "id"], name="person_by_name")
        ),
        migrations.AddIndex(
            model_name="person",
            index=GinIndex(OpClass(models.F("sort_name"), name="gin_trgm_ops"), name="person_name_parts"),
        ),
    ]
