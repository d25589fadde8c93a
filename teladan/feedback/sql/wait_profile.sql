-- What the respondent said of themselves, beside no rating: only month and unit of the staged rating are copied. The id
-- is a keyed hash, so that the same form sent again replaces what it said before and is not counted twice.
WITH held AS (
    SELECT r.month, r.unit_id
    FROM feedback_stagedrating r
    JOIN feedback_collectionmonth m ON m.month = r.month AND m.state = 'open'
    WHERE r.id = %(rating)s::uuid
    FOR SHARE OF m SKIP LOCKED
)
INSERT INTO feedback_waitingprofile (id, month, unit_id, sex, age, education, job)
SELECT %(id)s::uuid, month, unit_id, %(sex)s::text, %(age)s::text, %(education)s::text, %(job)s::text FROM held
ON CONFLICT (id) DO UPDATE SET
    sex = EXCLUDED.sex, age = EXCLUDED.age, education = EXCLUDED.education, job = EXCLUDED.job
