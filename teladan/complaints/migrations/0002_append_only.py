"""Log, attachments and readings are never changed; an answered hearing and an ended case neither; nothing is deleted."""

from django.db import migrations

SQL = """
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON complaints_entry
    FOR EACH ROW EXECUTE FUNCTION teladan_refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON complaints_attachment
    FOR EACH ROW EXECUTE FUNCTION teladan_refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON complaints_reading
    FOR EACH ROW EXECUTE FUNCTION teladan_refuse_change();
CREATE TRIGGER no_delete BEFORE DELETE ON complaints_hearing
    FOR EACH ROW EXECUTE FUNCTION teladan_refuse_change();
CREATE TRIGGER stated_is_frozen BEFORE UPDATE ON complaints_hearing
    FOR EACH ROW WHEN (OLD.stated_at IS NOT NULL) EXECUTE FUNCTION teladan_refuse_change();
CREATE TRIGGER no_delete BEFORE DELETE ON complaints_complaint
    FOR EACH ROW EXECUTE FUNCTION teladan_refuse_change();
CREATE TRIGGER ended_is_frozen BEFORE UPDATE ON complaints_complaint
    FOR EACH ROW WHEN (OLD.ended_at IS NOT NULL) EXECUTE FUNCTION teladan_refuse_change();
CREATE TRIGGER words_are_the_complainants BEFORE UPDATE ON complaints_complaint
    FOR EACH ROW WHEN (
        (OLD.number, OLD.code_hash, OLD.sent_key, OLD.name, OLD.contact_kind, OLD.contact, OLD.unit_id, OLD.service_id,
         OLD.served_on, OLD.story, OLD.wish, OLD.officer_words, OLD.received_at, OLD.is_late)
        IS DISTINCT FROM
        (NEW.number, NEW.code_hash, NEW.sent_key, NEW.name, NEW.contact_kind, NEW.contact, NEW.unit_id, NEW.service_id,
         NEW.served_on, NEW.story, NEW.wish, NEW.officer_words, NEW.received_at, NEW.is_late)
    ) EXECUTE FUNCTION teladan_refuse_change();
"""
REVERSE = """
DROP TRIGGER append_only ON complaints_entry;
DROP TRIGGER append_only ON complaints_attachment;
DROP TRIGGER append_only ON complaints_reading;
DROP TRIGGER no_delete ON complaints_hearing;
DROP TRIGGER stated_is_frozen ON complaints_hearing;
DROP TRIGGER no_delete ON complaints_complaint;
DROP TRIGGER ended_is_frozen ON complaints_complaint;
DROP TRIGGER words_are_the_complainants ON complaints_complaint;
"""


class Migration(migrations.Migration):
    dependencies = [("complaints", "0001_initial"), ("core", "0002_append_only")]
    operations = [migrations.RunSQL(SQL, REVERSE)]
