"""A trigger function that refuses any change, and the audit log that uses it."""

from django.db import migrations

SQL = """
CREATE FUNCTION teladan_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'Tabel % tidak boleh diubah (%).', TG_TABLE_NAME, TG_OP USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON core_auditevent
    FOR EACH ROW EXECUTE FUNCTION teladan_refuse_change();
"""
REVERSE = """
DROP TRIGGER append_only ON core_auditevent;
DROP FUNCTION teladan_refuse_change();
"""


class Migration(migrations.Migration):
    dependencies = [("core", "0001_initial")]
    operations = [migrations.RunSQL(SQL, REVERSE)]
