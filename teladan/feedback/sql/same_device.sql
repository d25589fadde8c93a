-- Ratings of one officer given from one device on one day, from so many on, where at least one of them still counts.
SELECT device_group, officer_id, mode() WITHIN GROUP (ORDER BY unit_id) AS unit_id, array_agg(id) AS ratings
FROM feedback_stagedrating
WHERE month = %(month)s AND device_group IS NOT NULL AND officer_id IS NOT NULL AND status <> 'superseded'
GROUP BY device_group, officer_id
HAVING count(*) >= %(minimum)s AND bool_or(status = 'counted')
