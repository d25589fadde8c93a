-- Waiting profiles of units where enough of them wait, written anew in random order: neighbouring transactions then lead
-- from a rating to none of them in particular.
WITH enough AS (
    SELECT month, unit_id FROM feedback_waitingprofile GROUP BY month, unit_id HAVING count(*) >= %(minimum)s
), gone AS (
    DELETE FROM feedback_waitingprofile w USING enough e
    WHERE w.month = e.month AND w.unit_id = e.unit_id
    RETURNING w.*
)
INSERT INTO feedback_waitingprofile (id, month, unit_id, sex, age, education, job)
SELECT id, month, unit_id, sex, age, education, job FROM gone ORDER BY gen_random_uuid()
