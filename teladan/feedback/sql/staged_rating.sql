-- A rating of an open month by its id, with everything its receipt is made of; a refused one has no place.
WITH found AS (
    SELECT r.xmin::text AS version, r.id, r.month, r.leaf, u.code AS unit, s.code AS service, r.officer_id::text AS officer, r.channel,
           r.overall, r.persyaratan, r.prosedur, r.waktu, r.biaya, r.produk, r.kompetensi, r.perilaku, r.pengaduan, r.sarana
    FROM feedback_stagedrating r
    JOIN people_unit u ON u.id = r.unit_id
    JOIN services_service s ON s.id = r.service_id
    WHERE r.id = %(rating)s::uuid
), refused AS (
    SELECT r.xmin::text AS version, r.id, r.month, r.leaf, NULL AS unit, NULL AS service, NULL AS officer, NULL AS channel,
           r.overall, r.persyaratan, r.prosedur, r.waktu, r.biaya, r.produk, r.kompetensi, r.perilaku, r.pengaduan, r.sarana
    FROM feedback_refusedrating r
    WHERE r.id = %(rating)s::uuid AND NOT EXISTS (SELECT FROM found)
)
SELECT f.*, k.key
FROM (SELECT * FROM found UNION ALL SELECT * FROM refused) f
LEFT JOIN feedback_monthkey k ON k.month = f.month
