"""A published report is frozen with its document; it may only be superseded."""

from django.db import migrations

SQL = """
CREATE TRIGGER no_delete BEFORE DELETE ON evaluation_skmpublication
    FOR EACH ROW EXECUTE FUNCTION teladan_refuse_change();
CREATE TRIGGER supersede_only BEFORE UPDATE ON evaluation_skmpublication
    FOR EACH ROW WHEN (
        (to_jsonb(NEW) - 'is_current') IS DISTINCT FROM (to_jsonb(OLD) - 'is_current') OR NEW.is_current
    ) EXECUTE FUNCTION teladan_refuse_change();
"""
REVERSE = """
DROP TRIGGER no_delete ON evaluation_skmpublication;
DROP TRIGGER supersede_only ON evaluation_skmpublication;
"""


class Migration(migrations.Migration):
    dependencies = [("evaluation", "0010_skm")]
    operations = [migrations.RunSQL(SQL, REVERSE)]
