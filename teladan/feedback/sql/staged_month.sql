-- The ratings of an open month, with everything their openings are made of, in an order that the database draws.
SELECT r.xmin::text AS version, r.id, r.month, r.leaf, r.status, r.reason, u.code AS unit, s.code AS service, r.officer_id::text AS officer,
       r.channel, r.overall, r.persyaratan, r.prosedur, r.waktu, r.biaya, r.produk, r.kompetensi, r.perilaku,
       r.pengaduan, r.sarana
FROM feedback_stagedrating r
JOIN people_unit u ON u.id = r.unit_id
JOIN services_service s ON s.id = r.service_id
WHERE r.month = %(month)s AND (NOT %(only_seen)s OR (r.leaf IS NULL AND r.seen))
ORDER BY gen_random_uuid()
