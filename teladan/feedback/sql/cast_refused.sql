-- The answers of a cast that spent no ticket wait among the refused, under the id of a rating, in the ticket's month while
-- that is open. Whether these are the answers that this form brought before: counted then, or refused like now.
WITH known AS (
    SELECT t.month
    FROM feedback_ticket t
    JOIN feedback_collectionmonth m ON m.month = t.month AND m.state = 'open'
    WHERE t.token_hash = %(token_hash)s::bytea
    FOR SHARE OF m SKIP LOCKED
), earlier AS (
    SELECT overall, kompetensi, perilaku FROM feedback_stagedrating WHERE id = %(rating)s::uuid
    UNION ALL
    SELECT overall, kompetensi, perilaku FROM feedback_refusedrating WHERE id = %(rating)s::uuid
), refused AS (
    INSERT INTO feedback_refusedrating
        (id, month, overall, persyaratan, prosedur, waktu, biaya, produk, kompetensi, perilaku, pengaduan, sarana)
    SELECT %(rating)s::uuid, coalesce((SELECT month FROM known), date_trunc('month', %(today)s::date)::date),
           %(overall)s::smallint, %(persyaratan)s::smallint, %(prosedur)s::smallint, %(waktu)s::smallint,
           %(biaya)s::smallint, %(produk)s::smallint, %(kompetensi)s::smallint, %(perilaku)s::smallint,
           %(pengaduan)s::smallint, %(sarana)s::smallint
    WHERE NOT EXISTS (SELECT FROM earlier)
    ON CONFLICT DO NOTHING
)
SELECT NOT EXISTS (
    SELECT FROM earlier
    WHERE (overall, kompetensi, perilaku)
        IS DISTINCT FROM (%(overall)s::smallint, %(kompetensi)s::smallint, %(perilaku)s::smallint)
) AS same
