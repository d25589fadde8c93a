"""A functional official may head a unit beside the definitive post (tugas tambahan)."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("people", "0002_sorting_and_delegated_heads")]
    operations = [
        migrations.AlterField(
            model_name="placement",
            name="kind",
            field=models.CharField(
                choices=[
                    ("definitif", "definitif"),
                    ("tambahan", "tugas tambahan"),
                    ("plt", "Plt."),
                    ("plh", "Plh."),
                    ("pj", "Pj."),
                ],
                default="definitif",
                max_length=9,
            ),
        ),
        migrations.RemoveConstraint(model_name="placement", name="placement_kind_known"),
        migrations.AddConstraint(
            model_name="placement",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["definitif", "tambahan", "plt", "plh", "pj"])),
                name="placement_kind_known",
            ),
        ),
    ]
