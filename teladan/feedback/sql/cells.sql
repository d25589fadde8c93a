-- Sealed ratings as cells: count, sum and sum of squares of y, the mean of the counted elements a citizen answered, per
-- unit, officer, service, channel, month and pattern of answering. Constant inside a cell is all that the model uses, so
-- the cells say as much as the rows. Equal answers are counted first: a million rows become a few thousand additions.
WITH answers AS (
    SELECT unit_id, officer_id, service_id, channel, month,
           CASE WHEN %(kompetensi)s THEN kompetensi END AS k,
           CASE WHEN %(perilaku)s THEN perilaku END AS p,
           CASE WHEN %(waktu)s THEN waktu END AS w,
           count(*) AS n
    FROM feedback_sealedrating
    WHERE month = ANY(%(months)s)
      AND officer_id IS NOT NULL
      AND (%(all_units)s OR unit_id = ANY(%(unit_ids)s))
    GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
), summed AS (
    SELECT unit_id, officer_id, service_id, channel, month, n,
           CASE WHEN k IS NULL THEN 0 ELSE 1 END + CASE WHEN p IS NULL THEN 0 ELSE 1 END
               + CASE WHEN w IS NULL THEN 0 ELSE 1 END AS answered,
           coalesce(k, 0) + coalesce(p, 0) + coalesce(w, 0) AS total,
           CASE WHEN w IS NULL THEN '' ELSE 'waktu' END AS extra,
           CASE WHEN k IS NOT NULL AND p IS NOT NULL THEN 'both'
                WHEN k IS NOT NULL THEN 'kompetensi'
                WHEN p IS NOT NULL THEN 'perilaku'
                ELSE '' END AS staff
    FROM answers
)
SELECT unit_id, officer_id, service_id, channel, month,
       CASE WHEN staff = '' THEN extra WHEN extra = '' THEN staff ELSE concat(staff, '+', extra) END AS pattern,
       sum(n) AS n,
       sum(1.0 * n * total / answered) AS sum,
       sum(1.0 * n * total * total / (answered * answered)) AS sumsq
FROM summed
WHERE answered > 0
GROUP BY 1, 2, 3, 4, 5, 6
ORDER BY 1, 2, 3, 4, 5, 6
