-- The sealed ratings of a month as text lines in byte order, whatever order they are stored in. No row ids.
COPY (
    SELECT line FROM (
        SELECT concat_ws('|', to_char(r.month, 'YYYY-MM'), u.code, s.code, coalesce(r.officer_id::text, '-'), r.channel,
                         coalesce(r.overall::text, '-'), coalesce(r.persyaratan::text, '-'),
                         coalesce(r.prosedur::text, '-'), coalesce(r.waktu::text, '-'), coalesce(r.biaya::text, '-'),
                         coalesce(r.produk::text, '-'), coalesce(r.kompetensi::text, '-'),
                         coalesce(r.perilaku::text, '-'), coalesce(r.pengaduan::text, '-'),
                         coalesce(r.sarana::text, '-')) AS line
        FROM feedback_sealedrating r
        JOIN people_unit u ON u.id = r.unit_id
        JOIN services_service s ON s.id = r.service_id
        WHERE r.month = %(month)s
    ) lines
    ORDER BY line COLLATE "C"
) TO STDOUT
