-- Comments leave their ratings, in random order; those of ratings that do not count are dropped. They wait for a moderator.
WITH gone AS (
    DELETE FROM feedback_stagedcomment c USING feedback_stagedrating r
    WHERE r.id = c.rating_id AND r.month = %(month)s
    RETURNING r.month, r.unit_id, r.service_id, r.officer_id, r.status, c.text
)
INSERT INTO feedback_sealedcomment
    (id, month, unit_id, service_id, officer_id, text, state, shown, reason, for_officer)
SELECT gen_random_uuid(), month, unit_id, service_id, officer_id, text, 'waiting', '', '', false
FROM gone WHERE status = 'counted' ORDER BY gen_random_uuid()
