"""One condition instead of eleven on a rating's answers: PostgreSQL reads them anew for every statement that writes."""

from django.db import migrations, models

ANSWERS = (
    "overall", "persyaratan", "prosedur", "waktu", "biaya", "produk", "kompetensi", "perilaku", "pengaduan", "sarana",
)  # fmt: skip
TABLES = {"refusedrating": "refused_scale", "sealedrating": "sealed_scale", "stagedrating": "staged_scale"}
ON_SCALE = "'{1,2,3,4}'::smallint[] @> array_remove(ARRAY[%(expressions)s], NULL)"


def on_scale(name: str) -> models.CheckConstraint:
    condition = models.Func(*ANSWERS, output_field=models.BooleanField(), template=ON_SCALE)
    return models.CheckConstraint(condition=condition, name=name)


class Migration(migrations.Migration):
    dependencies = [("feedback", "0011_seal_salt")]
    operations = [
        *(migrations.RemoveConstraint(table, name) for table, name in TABLES.items()),
        *(
            migrations.AlterField(table, answer, models.SmallIntegerField(blank=True, null=True))
            for table in TABLES
            for answer in ANSWERS
        ),
        *(migrations.AddConstraint(table, on_scale(name)) for table, name in TABLES.items()),
        migrations.AlterField(
            "latencybucket",
            "bucket",
            models.SmallIntegerField(help_text="Batas atas: 2, 5, 15, 60, 360, 1440 menit; lalu lebih."),
        ),
        migrations.AlterField("ticket", "typed_tries", models.SmallIntegerField(default=0)),
    ]
