-- The later pages: fill in what was left open, and keep the citizen's words beside the rating until the seal. The same for
-- a refused cast, whose words are not kept. What was finished stays as it is; `finished` says so.
WITH held AS (
    SELECT r.id
    FROM feedback_stagedrating r
    JOIN feedback_collectionmonth m ON m.month = r.month AND m.state = 'open'
    WHERE r.id = %(rating)s::uuid
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
    FROM held WHERE r.id = held.id AND r.leaf IS NULL RETURNING r.id
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
), words AS (
    INSERT INTO feedback_stagedcomment (rating_id, text)
    SELECT id, %(comment)s::text FROM amended WHERE %(comment)s::text <> ''
    ON CONFLICT (rating_id) DO UPDATE SET text = EXCLUDED.text
)
SELECT EXISTS (SELECT FROM feedback_stagedrating WHERE id = %(rating)s::uuid AND leaf IS NOT NULL)
    OR EXISTS (SELECT FROM feedback_refusedrating WHERE id = %(rating)s::uuid AND leaf IS NOT NULL) AS finished
