"""Sealed answers never change; only the officer may be forgotten after the retention time."""

from django.db import migrations

SQL = """
CREATE TRIGGER append_only BEFORE DELETE ON feedback_sealedrating
    FOR EACH ROW EXECUTE FUNCTION teladan_refuse_change();
CREATE TRIGGER forget_officer_only BEFORE UPDATE ON feedback_sealedrating
    FOR EACH ROW WHEN (
        NEW.officer_id IS NOT NULL
        OR (to_jsonb(NEW) - 'officer_id') IS DISTINCT FROM (to_jsonb(OLD) - 'officer_id')
    ) EXECUTE FUNCTION teladan_refuse_change();
"""
REVERSE = """
DROP TRIGGER append_only ON feedback_sealedrating;
DROP TRIGGER forget_officer_only ON feedback_sealedrating;
"""


class Migration(migrations.Migration):
    dependencies = [("feedback", "0001_initial"), ("core", "0002_append_only")]
    operations = [migrations.RunSQL(SQL, REVERSE)]
