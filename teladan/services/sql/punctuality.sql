-- Events of a month per unit, service and officer, and how many kept the promise as known at one instant.
-- The standard is the one in force on the office day of the meeting; its minutes run from the complete file.
SELECT e.unit_id,
       e.service_id,
       e.officer_id,
       count(*) AS events,
       count(*) FILTER (WHERE e.outcome = 'granted' AND (f.finished IS NOT NULL AND d.due IS NOT NULL OR d.due < %(until)s))
           AS with_standard,
       count(*) FILTER (WHERE e.outcome = 'granted' AND f.finished <= d.due) AS on_time,
       count(*) FILTER (WHERE e.outcome = 'granted' AND f.finished IS NULL) AS unfinished
FROM services_serviceevent e
LEFT JOIN services_servicestandard s
       ON s.service_id = e.service_id
      AND s.valid_from <= (e.met_at AT TIME ZONE %(zone)s)::date
      AND (s.valid_until IS NULL OR s.valid_until > (e.met_at AT TIME ZONE %(zone)s)::date)
CROSS JOIN LATERAL (SELECT e.complete_at + s.promised_minutes * interval '1 minute' AS due) d
CROSS JOIN LATERAL (SELECT CASE WHEN e.finished_at <= %(until)s THEN e.finished_at END AS finished) f
WHERE e.month = %(month)s
GROUP BY e.unit_id, e.service_id, e.officer_id
ORDER BY e.unit_id, e.service_id, e.officer_id
