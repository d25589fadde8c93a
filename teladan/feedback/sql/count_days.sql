-- Distinct days of issue per officer, counted, and the days themselves dropped.
WITH gone AS (
    DELETE FROM feedback_issueday WHERE month = %(month)s RETURNING month, officer_id
)
INSERT INTO feedback_issuedaycount (month, officer_id, days)
SELECT month, officer_id, count(*) FROM gone GROUP BY month, officer_id
