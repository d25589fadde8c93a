-- Ratings leave staging, and those that count go to sealed storage, in random order and under new random ids: nothing
-- leads back.
WITH gone AS (
    DELETE FROM feedback_stagedrating WHERE month = %(month)s RETURNING *
)
INSERT INTO feedback_sealedrating
    (id, month, unit_id, service_id, officer_id, channel, overall,
     persyaratan, prosedur, waktu, biaya, produk, kompetensi, perilaku, pengaduan, sarana)
SELECT gen_random_uuid(), month, unit_id, service_id, officer_id, channel, overall,
       persyaratan, prosedur, waktu, biaya, produk, kompetensi, perilaku, pengaduan, sarana
FROM gone WHERE status = 'counted' ORDER BY gen_random_uuid()
