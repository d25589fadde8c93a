"""What was sequenced, signed or recorded never changes; hashes are hashes, and belong to the bytes beside them."""

from django.db import migrations

GUARDED = ("ledger_leaf", "ledger_tile", "ledger_checkpoint", "ledger_publickey")

SQL = """
ALTER TABLE ledger_queuedleaf
    ADD CONSTRAINT queued_leaf_hash CHECK (octet_length(leaf_hash) = 32
        AND (data IS NULL OR leaf_hash = sha256('\\x00'::bytea || data)));
ALTER TABLE ledger_leaf
    ADD CONSTRAINT leaf_hash_of_data CHECK (octet_length(leaf_hash) = 32
        AND (data IS NULL OR leaf_hash = sha256('\\x00'::bytea || data)));
ALTER TABLE ledger_tile
    ADD CONSTRAINT tile_is_full CHECK (octet_length(root) = 32 AND octet_length(hashes) = 8192);
ALTER TABLE ledger_tile ALTER COLUMN hashes SET STORAGE EXTERNAL;
ALTER TABLE ledger_checkpoint
    ADD CONSTRAINT checkpoint_root CHECK (octet_length(root) = 32);
""" + "".join(
    f"""
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON {table}
    FOR EACH ROW EXECUTE FUNCTION teladan_refuse_change();
"""
    for table in GUARDED
)
REVERSE = """
ALTER TABLE ledger_queuedleaf DROP CONSTRAINT queued_leaf_hash;
ALTER TABLE ledger_leaf DROP CONSTRAINT leaf_hash_of_data;
ALTER TABLE ledger_tile DROP CONSTRAINT tile_is_full;
ALTER TABLE ledger_checkpoint DROP CONSTRAINT checkpoint_root;
""" + "".join(f"DROP TRIGGER append_only ON {table};" for table in GUARDED)


class Migration(migrations.Migration):
    dependencies = [("ledger", "0001_initial"), ("core", "0002_append_only")]
    operations = [migrations.RunSQL(SQL, REVERSE)]
