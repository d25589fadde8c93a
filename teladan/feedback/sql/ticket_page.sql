-- What the pages need to know of a ticket before it is cast: its month, and whether its service costs something today.
-- The same for a used, an old and a fresh ticket.
SELECT t.month, EXISTS (
    SELECT 1
    FROM services_servicestandard s
    WHERE s.service_id = t.service_id AND s.fee > 0
      AND s.valid_from <= %(today)s::date AND (s.valid_until IS NULL OR s.valid_until > %(today)s::date)
) AS asks_cost
FROM feedback_ticket t
WHERE t.token_hash = %(token_hash)s::bytea
