"""The report on bias and pressure is frozen with its closing."""

from django.db import migrations

SQL = """
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON evaluation_integrityreport
    FOR EACH ROW EXECUTE FUNCTION teladan_refuse_change();
"""
REVERSE = "DROP TRIGGER append_only ON evaluation_integrityreport;"


class Migration(migrations.Migration):
    dependencies = [("evaluation", "0008_integrity")]
    operations = [migrations.RunSQL(SQL, REVERSE)]
