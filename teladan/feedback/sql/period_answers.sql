-- Patterns of answers of one unit per sealed month and service. The rule for free services is that of unit_answers.sql:
-- where the service was free all month, cost counts 4 for those who answered at least one other element. Ratings are
-- counted first and joined afterwards: there are many, and few patterns.
WITH free AS (
    SELECT m.month, s.service_id
    FROM unnest(%(months)s::date[]) AS m(month)
    JOIN services_servicestandard s
      ON s.valid_from < (m.month + interval '1 month')::date AND (s.valid_until IS NULL OR s.valid_until > m.month)
    GROUP BY m.month, s.service_id
    HAVING max(s.fee) = 0
), counted AS (
    SELECT month, service_id, persyaratan, prosedur, waktu, biaya, produk, kompetensi, perilaku, pengaduan, sarana,
           count(*) AS count
    FROM feedback_sealedrating
    WHERE unit_id = %(unit)s AND month = ANY(%(months)s)
    GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
), answers AS (
    SELECT c.*,
           c.biaya IS NULL AND f.service_id IS NOT NULL
               AND coalesce(c.persyaratan, c.prosedur, c.waktu, c.produk, c.kompetensi, c.perilaku, c.pengaduan,
                            c.sarana) IS NOT NULL AS unasked
    FROM counted c
    LEFT JOIN free f ON f.service_id = c.service_id AND f.month = c.month
)
SELECT month, service_id,
       persyaratan, prosedur, waktu, CASE WHEN unasked THEN 4 ELSE biaya END AS biaya, produk, kompetensi, perilaku,
       pengaduan, sarana, count, 0 AS overall_n, 0 AS overall_sum, unasked
FROM answers
ORDER BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, unasked
