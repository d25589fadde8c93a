-- Patterns of answers of one unit per sealed month and service. The rule for free services is that of unit_answers.sql:
-- where the service was free all month, cost counts 4 for those who answered at least one other element.
WITH free AS (
    SELECT m.month, s.service_id
    FROM unnest(%(months)s::date[]) AS m(month)
    JOIN services_servicestandard s
      ON s.valid_from < (m.month + interval '1 month')::date AND (s.valid_until IS NULL OR s.valid_until > m.month)
    GROUP BY m.month, s.service_id
    HAVING max(s.fee) = 0
)
SELECT r.month, r.service_id,
       r.persyaratan, r.prosedur, r.waktu,
       CASE WHEN r.biaya IS NULL AND f.service_id IS NOT NULL
                 AND coalesce(r.persyaratan, r.prosedur, r.waktu, r.produk, r.kompetensi, r.perilaku, r.pengaduan,
                              r.sarana) IS NOT NULL
            THEN 4 ELSE r.biaya END AS biaya,
       r.produk, r.kompetensi, r.perilaku, r.pengaduan, r.sarana,
       count(*) AS count
FROM feedback_sealedrating r
LEFT JOIN free f ON f.service_id = r.service_id AND f.month = r.month
WHERE r.unit_id = %(unit)s AND r.month = ANY(%(months)s)
GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
ORDER BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
