"""The salt of a seal. Months sealed before have none, and are still compared with their leaf as it was made then.

Going back drops the salts: months sealed meanwhile can then no longer be compared with their leaves, save by an auditor.
"""

from django.db import migrations, models

SQL = """
ALTER TABLE feedback_sealsalt ADD CONSTRAINT seal_salt_length CHECK (octet_length(salt) = 32 AND octet_length(blind) = 32);
"""
REVERSE = "ALTER TABLE feedback_sealsalt DROP CONSTRAINT seal_salt_length;"


class Migration(migrations.Migration):
    dependencies = [("feedback", "0010_lean_staging")]
    operations = [
        migrations.CreateModel(
            name="SealSalt",
            fields=[
                ("month", models.DateField(primary_key=True, serialize=False)),
                ("salt", models.BinaryField(blank=True, max_length=32, null=True)),
                ("blind", models.BinaryField(max_length=32)),
            ],
        ),
        migrations.RunSQL(SQL, REVERSE),
    ]
