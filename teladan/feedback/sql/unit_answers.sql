-- Patterns of answers per unit and service of a sealed month. Where the service was free all month, cost counts 4 for
-- those who answered at least one other element, without being asked (PermenPANRB 14/2017; docs/rules); `unasked` says so.
WITH free AS (
    SELECT service_id
    FROM services_servicestandard
    WHERE valid_from < %(next_month)s AND (valid_until IS NULL OR valid_until > %(month)s)
    GROUP BY service_id
    HAVING max(fee) = 0
), answers AS (
    SELECT r.*,
           r.biaya IS NULL AND f.service_id IS NOT NULL
               AND coalesce(r.persyaratan, r.prosedur, r.waktu, r.produk, r.kompetensi, r.perilaku, r.pengaduan,
                            r.sarana) IS NOT NULL AS unasked
    FROM feedback_sealedrating r
    LEFT JOIN free f ON f.service_id = r.service_id
    WHERE r.month = %(month)s
)
SELECT unit_id, service_id,
       persyaratan, prosedur, waktu, CASE WHEN unasked THEN 4 ELSE biaya END AS biaya, produk, kompetensi, perilaku,
       pengaduan, sarana,
       count(*) AS count, count(overall) AS overall_n, coalesce(sum(overall), 0) AS overall_sum, unasked
FROM answers
GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, unasked
ORDER BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, unasked
