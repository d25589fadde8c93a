-- Another rating with the receipt of an earlier one, as long as its month collects: the new row takes the place of the
-- old one, which is marked. A receipt that was replaced already, was voided, refused, or is none, ends like an unusable ticket.
WITH known AS (
    SELECT r.*
    FROM feedback_stagedrating r
    JOIN feedback_collectionmonth m ON m.month = r.month AND m.state = 'open'
    WHERE r.leaf = %(leaf)s::bytea
    FOR UPDATE OF r
    FOR SHARE OF m SKIP LOCKED
), held AS (
    SELECT * FROM known
    WHERE status IN ('counted', 'held')
      AND NOT EXISTS (SELECT FROM feedback_refusedrating WHERE id = %(rating)s::uuid)
), replaced AS (
    UPDATE feedback_stagedrating r SET status = 'superseded', reason = '' FROM held WHERE r.id = held.id RETURNING r.id
), looked_at AS (  -- what is held stays held
    UPDATE feedback_caserating c SET rating_id = %(rating)s::uuid FROM held WHERE c.rating_id = held.id
), rating AS (
    INSERT INTO feedback_stagedrating
        (id, month, unit_id, service_id, officer_id, channel, device_group, status, reason, overall,
         persyaratan, prosedur, waktu, biaya, produk, kompetensi, perilaku, pengaduan, sarana)
    SELECT %(rating)s::uuid, month, unit_id, service_id, officer_id, channel, device_group, status, reason,
           %(overall)s::smallint, %(persyaratan)s::smallint, %(prosedur)s::smallint, %(waktu)s::smallint,
           %(biaya)s::smallint, %(produk)s::smallint, %(kompetensi)s::smallint, %(perilaku)s::smallint,
           %(pengaduan)s::smallint, %(sarana)s::smallint
    FROM held JOIN replaced USING (id)
), earlier AS (
    SELECT overall, kompetensi, perilaku FROM feedback_stagedrating WHERE id = %(rating)s::uuid
    UNION ALL
    SELECT overall, kompetensi, perilaku FROM feedback_refusedrating WHERE id = %(rating)s::uuid
), still AS (
    SELECT month FROM feedback_collectionmonth WHERE month = %(month)s::date AND state = 'open' FOR SHARE SKIP LOCKED
), refused AS (
    INSERT INTO feedback_refusedrating
        (id, month, overall, persyaratan, prosedur, waktu, biaya, produk, kompetensi, perilaku, pengaduan, sarana)
    SELECT %(rating)s::uuid,
           coalesce((SELECT month FROM still), date_trunc('month', %(today)s::date)::date),
           %(overall)s::smallint, %(persyaratan)s::smallint, %(prosedur)s::smallint, %(waktu)s::smallint,
           %(biaya)s::smallint, %(produk)s::smallint, %(kompetensi)s::smallint, %(perilaku)s::smallint,
           %(pengaduan)s::smallint, %(sarana)s::smallint
    WHERE NOT EXISTS (SELECT FROM held) AND NOT EXISTS (SELECT FROM earlier)
    ON CONFLICT DO NOTHING
)
SELECT %(month)s::date AS month,
       EXISTS (
           SELECT FROM feedback_stagedrating r
           JOIN services_servicestandard s ON s.service_id = r.service_id AND s.fee > 0
               AND s.valid_from <= %(today)s::date AND (s.valid_until IS NULL OR s.valid_until > %(today)s::date)
           WHERE r.leaf = %(leaf)s::bytea
       ) AS asks_cost,
       NOT EXISTS (
           SELECT FROM earlier
           WHERE (overall, kompetensi, perilaku)
               IS DISTINCT FROM (%(overall)s::smallint, %(kompetensi)s::smallint, %(perilaku)s::smallint)
       ) AS same
