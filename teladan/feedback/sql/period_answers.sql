-- Patterns of answers of one unit per sealed month and service. The rule for free services is that of unit_answers.sql:
-- where the service was free all month, cost counts 4 for those who answered at least one other element.
WITH free AS (
    SELECT m.month, s.service_id
    FROM unnest(%(months)s::date[]) AS m(month)
    JOIN services_servicestandard s
      ON s.valid_from < (m.month + interval '1 month')::date AND (s.valid_until IS NULL OR s.valid_until > m.month)
    GROUP BY m.month, s.service_id
    HAVING max(s.fee) = 0
), answers AS (
    SELECT r.*,
           r.biaya IS NULL AND f.service_id IS NOT NULL
               AND coalesce(r.persyaratan, r.prosedur, r.waktu, r.produk, r.kompetensi, r.perilaku, r.pengaduan,
                            r.sarana) IS NOT NULL AS unasked
    FROM feedback_sealedrating r
    LEFT JOIN free f ON f.service_id = r.service_id AND f.month = r.month
    WHERE r.unit_id = %(unit)s AND r.month = ANY(%(months)s)
)
SELECT month, service_id,
       persyaratan, prosedur, waktu, CASE WHEN unasked THEN 4 ELSE biaya END AS biaya, produk, kompetensi, perilaku,
       pengaduan, sarana,
       count(*) AS count, count(overall) AS overall_n, coalesce(sum(overall), 0) AS overall_sum, unasked
FROM answers
GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, unasked
ORDER BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, unasked
