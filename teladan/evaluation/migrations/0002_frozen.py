"""Results and releases are frozen; a closing may only be superseded; a signed evaluation may only be received."""

from django.db import migrations

FROZEN = ("unitresult", "officerresult", "release")
SQL = "".join(
    f"""
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON evaluation_{table}
    FOR EACH ROW EXECUTE FUNCTION teladan_refuse_change();
"""
    for table in FROZEN
) + """
CREATE TRIGGER no_delete BEFORE DELETE ON evaluation_closing
    FOR EACH ROW EXECUTE FUNCTION teladan_refuse_change();
CREATE TRIGGER supersede_only BEFORE UPDATE ON evaluation_closing
    FOR EACH ROW WHEN (
        (to_jsonb(NEW) - '{is_current,reopened_at,reopened_by,reopen_reason}'::text[])
        IS DISTINCT FROM (to_jsonb(OLD) - '{is_current,reopened_at,reopened_by,reopen_reason}'::text[])
    ) EXECUTE FUNCTION teladan_refuse_change();
CREATE TRIGGER no_delete_signed BEFORE DELETE ON evaluation_evaluation
    FOR EACH ROW WHEN (OLD.signed_at IS NOT NULL) EXECUTE FUNCTION teladan_refuse_change();
CREATE TRIGGER signed_is_frozen BEFORE UPDATE ON evaluation_evaluation
    FOR EACH ROW WHEN (
        OLD.signed_at IS NOT NULL AND
        (to_jsonb(NEW) - '{state,acknowledged_at,acknowledged_by_id}'::text[])
        IS DISTINCT FROM (to_jsonb(OLD) - '{state,acknowledged_at,acknowledged_by_id}'::text[])
    ) EXECUTE FUNCTION teladan_refuse_change();
"""
REVERSE = "".join(f"DROP TRIGGER append_only ON evaluation_{table};" for table in FROZEN) + """
DROP TRIGGER no_delete ON evaluation_closing;
DROP TRIGGER supersede_only ON evaluation_closing;
DROP TRIGGER no_delete_signed ON evaluation_evaluation;
DROP TRIGGER signed_is_frozen ON evaluation_evaluation;
"""


class Migration(migrations.Migration):
    dependencies = [("evaluation", "0001_initial"), ("core", "0002_append_only")]
    operations = [migrations.RunSQL(SQL, REVERSE)]
