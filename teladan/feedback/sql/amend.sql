-- The later pages: fill in what was left open, and keep the citizen's words beside the rating until the seal. The same for
-- a refused cast, whose words are not kept. What was finished, also this very moment, and what is sealed or being sealed stays
-- as it is; `closed` says so. An unknown ticket's month may not have been opened yet.
WITH given AS (
    SELECT month FROM feedback_stagedrating WHERE id = %(rating)s::uuid
    UNION ALL
    SELECT month FROM feedback_refusedrating WHERE id = %(rating)s::uuid
), still AS (
    SELECT m.month FROM feedback_collectionmonth m JOIN given ON m.month = given.month AND m.state = 'open'
    FOR SHARE OF m SKIP LOCKED
), amended AS (
    UPDATE feedback_stagedrating r SET
        persyaratan = coalesce(%(persyaratan)s::smallint, r.persyaratan),
        prosedur = coalesce(%(prosedur)s::smallint, r.prosedur),
        waktu = coalesce(%(waktu)s::smallint, r.waktu),
        biaya = coalesce(%(biaya)s::smallint, r.biaya),
        produk = coalesce(%(produk)s::smallint, r.produk),
        kompetensi = coalesce(%(kompetensi)s::smallint, r.kompetensi),
        perilaku = coalesce(%(perilaku)s::smallint, r.perilaku),
        pengaduan = coalesce(%(pengaduan)s::smallint, r.pengaduan),
        sarana = coalesce(%(sarana)s::smallint, r.sarana)
    FROM still WHERE r.id = %(rating)s::uuid AND r.month = still.month AND r.leaf IS NULL
    RETURNING r.id
), refused AS (
    UPDATE feedback_refusedrating r SET
        persyaratan = coalesce(%(persyaratan)s::smallint, r.persyaratan),
        prosedur = coalesce(%(prosedur)s::smallint, r.prosedur),
        waktu = coalesce(%(waktu)s::smallint, r.waktu),
        biaya = coalesce(%(biaya)s::smallint, r.biaya),
        produk = coalesce(%(produk)s::smallint, r.produk),
        kompetensi = coalesce(%(kompetensi)s::smallint, r.kompetensi),
        perilaku = coalesce(%(perilaku)s::smallint, r.perilaku),
        pengaduan = coalesce(%(pengaduan)s::smallint, r.pengaduan),
        sarana = coalesce(%(sarana)s::smallint, r.sarana)
    WHERE r.id = %(rating)s::uuid AND r.leaf IS NULL
      AND (EXISTS (SELECT FROM still) OR NOT EXISTS (SELECT FROM feedback_collectionmonth m WHERE m.month = r.month))
    RETURNING r.id
), words AS (
    INSERT INTO feedback_stagedcomment (rating_id, text)
    SELECT id, %(comment)s::text FROM amended WHERE %(comment)s::text <> ''
    ON CONFLICT (rating_id) DO UPDATE SET text = EXCLUDED.text
)
SELECT NOT EXISTS (SELECT FROM amended UNION ALL SELECT FROM refused) AS closed
