-- The second page: fill in what was left open, and keep the citizen's words beside the rating until the seal.
WITH held AS (
    SELECT r.id
    FROM feedback_stagedrating r
    JOIN feedback_collectionmonth m ON m.month = r.month AND m.state = 'open'
    WHERE r.id = %(rating)s
    FOR SHARE OF m SKIP LOCKED
), amended AS (
    UPDATE feedback_stagedrating r SET
        persyaratan = coalesce(%(persyaratan)s, r.persyaratan),
        prosedur = coalesce(%(prosedur)s, r.prosedur),
        waktu = coalesce(%(waktu)s, r.waktu),
        biaya = coalesce(%(biaya)s, r.biaya),
        produk = coalesce(%(produk)s, r.produk),
        kompetensi = coalesce(%(kompetensi)s, r.kompetensi),
        perilaku = coalesce(%(perilaku)s, r.perilaku),
        pengaduan = coalesce(%(pengaduan)s, r.pengaduan),
        sarana = coalesce(%(sarana)s, r.sarana)
    FROM held WHERE r.id = held.id RETURNING r.id
)
INSERT INTO feedback_stagedcomment (rating_id, text)
SELECT id, %(comment)s FROM amended WHERE %(comment)s <> ''
ON CONFLICT (rating_id) DO UPDATE SET text = EXCLUDED.text
