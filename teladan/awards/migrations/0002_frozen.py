"""Candidates and awards are never changed; a decided round neither; nobody's statement is changed after the decision."""

from django.db import migrations

SQL = """
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON awards_candidate
    FOR EACH ROW EXECUTE FUNCTION teladan_refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON awards_award
    FOR EACH ROW EXECUTE FUNCTION teladan_refuse_change();
CREATE TRIGGER no_delete BEFORE DELETE ON awards_round
    FOR EACH ROW EXECUTE FUNCTION teladan_refuse_change();
CREATE TRIGGER decided_is_frozen BEFORE UPDATE ON awards_round
    FOR EACH ROW WHEN (OLD.decided_at IS NOT NULL) EXECUTE FUNCTION teladan_refuse_change();
CREATE FUNCTION awards_statement_while_open() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT 1 FROM awards_candidate c JOIN awards_round r ON r.id = c.round_id
        WHERE c.id = NEW.candidate_id AND r.decided_at IS NOT NULL
    ) THEN
        RAISE EXCEPTION 'Pernyataan tidak boleh diubah sesudah putusan.' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER while_open BEFORE INSERT OR UPDATE ON awards_conflictstatement
    FOR EACH ROW EXECUTE FUNCTION awards_statement_while_open();
CREATE TRIGGER no_delete BEFORE DELETE ON awards_conflictstatement
    FOR EACH ROW EXECUTE FUNCTION teladan_refuse_change();
"""
REVERSE = """
DROP TRIGGER append_only ON awards_candidate;
DROP TRIGGER append_only ON awards_award;
DROP TRIGGER no_delete ON awards_round;
DROP TRIGGER decided_is_frozen ON awards_round;
DROP TRIGGER while_open ON awards_conflictstatement;
DROP TRIGGER no_delete ON awards_conflictstatement;
DROP FUNCTION awards_statement_while_open();
"""


class Migration(migrations.Migration):
    dependencies = [("awards", "0001_initial"), ("core", "0002_append_only")]
    operations = [migrations.RunSQL(SQL, REVERSE)]
