-- Sources and counters that were silent in a month though they spoke in the month before.
SELECT 'source' AS kind, s.code, s.name, NULL::bigint AS unit_id, count(*) AS before
FROM services_serviceevent e
JOIN services_sourcesystem s ON s.id = e.source_id
WHERE e.month = %(before)s AND s.is_active
  AND NOT EXISTS (SELECT 1 FROM services_serviceevent n WHERE n.month = %(month)s AND n.source_id = s.id)
GROUP BY s.id
UNION ALL
SELECT 'counter', c.code, c.name, c.unit_id, count(*)
FROM services_serviceevent e
JOIN services_counter c ON c.id = e.counter_id
WHERE e.month = %(before)s AND c.is_active
  AND NOT EXISTS (SELECT 1 FROM services_serviceevent n WHERE n.month = %(month)s AND n.counter_id = c.id)
GROUP BY c.id
ORDER BY 1 DESC, 2
