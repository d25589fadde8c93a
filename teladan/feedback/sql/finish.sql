-- Give a rating its leaf, once, if it is still as it was read (`version`), and queue the leaf: that of the rating, or that of
-- its refusal, which is also listed at once. Nothing happens in a month that is sealed or being sealed.
WITH still AS (
    SELECT month FROM feedback_collectionmonth WHERE month = %(month)s::date AND state = 'open' FOR SHARE SKIP LOCKED
), rated AS (
    UPDATE feedback_stagedrating r SET leaf = %(leaf)s::bytea
    FROM still
    WHERE r.id = %(rating)s::uuid AND r.month = still.month AND r.leaf IS NULL AND r.xmin::text = %(version)s::text
    RETURNING r.id
), refused AS (
    UPDATE feedback_refusedrating r SET leaf = %(leaf)s::bytea
    FROM still
    WHERE r.id = %(rating)s::uuid AND r.month = still.month AND r.leaf IS NULL AND r.xmin::text = %(version)s::text
      AND NOT EXISTS (SELECT FROM feedback_stagedrating WHERE id = %(rating)s::uuid)
    RETURNING r.id
), listed AS (
    INSERT INTO feedback_ratingleaf (leaf, month, status) SELECT %(leaf)s::bytea, %(month)s::date, 'refused' FROM refused
), queued AS (
    INSERT INTO ledger_queuedleaf (leaf_hash, data, after_size)
    SELECT sha256('\x00'::bytea || data), data, NULL
    FROM (
        SELECT %(rating_line)s::bytea AS data FROM rated UNION ALL SELECT %(refusal_line)s::bytea FROM refused
    ) lines
    ON CONFLICT DO NOTHING
)
SELECT count(*) FROM (SELECT id FROM rated UNION ALL SELECT id FROM refused) done
