"""A signed evaluation goes from signed to acknowledged to superseded and never back; its receipt is never rewritten."""

from django.db import migrations

SQL = """
CREATE TRIGGER signed_moves_forward BEFORE UPDATE ON evaluation_evaluation
    FOR EACH ROW WHEN (
        OLD.signed_at IS NOT NULL AND NOT (
            (NEW.acknowledged_at, NEW.acknowledged_by_id) IS NOT DISTINCT FROM (OLD.acknowledged_at, OLD.acknowledged_by_id)
                AND (NEW.state = OLD.state OR (OLD.state IN ('signed', 'acknowledged') AND NEW.state = 'superseded'))
            OR (OLD.state = 'signed' AND NEW.state = 'acknowledged' AND NEW.acknowledged_at IS NOT NULL)
        )
    ) EXECUTE FUNCTION teladan_refuse_change();
"""
REVERSE = "DROP TRIGGER signed_moves_forward ON evaluation_evaluation;"


class Migration(migrations.Migration):
    dependencies = [("evaluation", "0003_hidden_means_empty")]
    operations = [migrations.RunSQL(SQL, REVERSE)]
