-- Waiting profiles become counts, each attribute for itself; what one person said together is gone.
WITH gone AS (
    DELETE FROM feedback_waitingprofile WHERE month = %(month)s RETURNING *
)
INSERT INTO feedback_profilecount (month, unit_id, attribute, value, count)
SELECT g.month, g.unit_id, said.attribute, said.value, count(*)
FROM gone g
CROSS JOIN LATERAL (
    VALUES ('sex', g.sex), ('age', g.age), ('education', g.education), ('job', g.job)
) AS said (attribute, value)
WHERE said.value <> ''
GROUP BY g.month, g.unit_id, said.attribute, said.value
