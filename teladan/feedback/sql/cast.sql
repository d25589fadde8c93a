-- One rating: spend the ticket, stage the answers, count the day of issue and the time since issue. One statement, so
-- that fifty submits at once spend one ticket. A ticket that is unknown, used or too old changes nothing here; then
-- `cast_refused` follows, and the citizen is answered alike.
-- The month row is share-locked: sealing waits for the casts under way, and a cast finds a month that is being sealed shut.
WITH ticket AS (
    SELECT id, month, issued_at, service_id, spent_on, expires_on FROM feedback_ticket WHERE token_hash = %(token_hash)s::bytea
), known AS (  -- a lock is written: where nothing can be spent, none is taken, or a used ticket would wait for the disk twice
    SELECT t.id, t.month, t.issued_at
    FROM ticket t
    JOIN feedback_collectionmonth m ON m.month = t.month AND m.state = 'open'
    WHERE t.spent_on IS NULL AND t.expires_on >= %(today)s::date
    FOR SHARE OF m SKIP LOCKED
), spent AS (  -- whoever comes second waits here, and then finds it spent
    UPDATE feedback_ticket t SET spent_on = %(today)s::date, issued_at = NULL
    FROM known
    WHERE t.id = known.id AND t.spent_on IS NULL AND t.expires_on >= %(today)s::date
      AND NOT EXISTS (SELECT FROM feedback_refusedrating WHERE id = %(rating)s::uuid)
    RETURNING t.month, t.unit_id, t.service_id, t.officer_id, t.channel, known.issued_at
), rating AS (
    INSERT INTO feedback_stagedrating
        (id, month, unit_id, service_id, officer_id, channel, overall,
         persyaratan, prosedur, waktu, biaya, produk, kompetensi, perilaku, pengaduan, sarana, device_group)
    SELECT %(rating)s::uuid, month, unit_id, service_id, officer_id, coalesce(%(channel)s::text, channel), %(overall)s::smallint,
           %(persyaratan)s::smallint, %(prosedur)s::smallint, %(waktu)s::smallint, %(biaya)s::smallint,
           %(produk)s::smallint, %(kompetensi)s::smallint, %(perilaku)s::smallint, %(pengaduan)s::smallint,
           %(sarana)s::smallint, %(device)s::uuid
    FROM spent
), day AS (
    INSERT INTO feedback_issueday (month, officer_id, day)
    SELECT month, officer_id, (issued_at AT TIME ZONE 'Asia/Jakarta')::date FROM spent WHERE issued_at IS NOT NULL
    ON CONFLICT DO NOTHING
), latency AS (
    INSERT INTO feedback_latencybucket AS l (month, officer_id, bucket, count)
    SELECT month, officer_id, b.bucket, 1
    FROM spent
    CROSS JOIN LATERAL (
        SELECT coalesce(min(bound), %(later)s::smallint) AS bucket
        FROM unnest(%(bounds)s::int[]) AS bound
        WHERE %(now)s::timestamptz <= spent.issued_at + bound * interval '1 minute'
    ) b
    WHERE issued_at IS NOT NULL
    ON CONFLICT (month, officer_id, bucket) DO UPDATE SET count = l.count + 1
)
SELECT coalesce(t.month, date_trunc('month', %(today)s::date)::date) AS month,
       coalesce(t.asks_cost, false) AS asks_cost,
       EXISTS (SELECT FROM spent) AS spent
FROM (SELECT 1) AS one
LEFT JOIN LATERAL (
    SELECT ticket.month, EXISTS (
        SELECT FROM services_servicestandard s
        WHERE s.service_id = ticket.service_id AND s.fee > 0
          AND s.valid_from <= %(today)s::date AND (s.valid_until IS NULL OR s.valid_until > %(today)s::date)
    ) AS asks_cost
    FROM ticket
) t ON true
