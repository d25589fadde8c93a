-- A sealed month's tickets, written anew in random order and all alike: no day of use, no time of issue, no typed code.
-- What stays says only that a ticket for this event existed.
WITH gone AS (
    DELETE FROM feedback_ticket WHERE month = %(month)s RETURNING *
)
INSERT INTO feedback_ticket
    (id, token_hash, event_key, month, unit_id, service_id, officer_id, channel, expires_on, typed_hash, typed_tries)
SELECT gen_random_uuid(), token_hash, event_key, month, unit_id, service_id, officer_id, channel, %(expires_on)s, '', 0
FROM gone ORDER BY gen_random_uuid()
