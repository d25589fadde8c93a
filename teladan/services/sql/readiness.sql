-- Sources and counters that were silent in a month though they spoke in the month before: whose last event before the
-- month's end lies in the month before. One probe of an index for each, a count for the silent only; a month may have
-- hundreds of thousands of events, a city has some dozens of counters.
SELECT 'source' AS kind, s.code, s.name, NULL::bigint AS unit_id, b.events AS before
FROM services_sourcesystem s
CROSS JOIN LATERAL (
    SELECT max(met_at) AS at FROM services_serviceevent WHERE source_id = s.id AND met_at < %(end)s
) last
CROSS JOIN LATERAL (
    SELECT count(*) AS events FROM services_serviceevent
    WHERE source_id = s.id AND met_at >= %(before)s AND met_at < %(start)s
) b
WHERE s.is_active AND last.at >= %(before)s AND last.at < %(start)s
UNION ALL
SELECT 'counter', c.code, c.name, c.unit_id, b.events
FROM services_counter c
CROSS JOIN LATERAL (
    SELECT max(met_at) AS at FROM services_serviceevent WHERE counter_id = c.id AND met_at < %(end)s
) last
CROSS JOIN LATERAL (
    SELECT count(*) AS events FROM services_serviceevent
    WHERE counter_id = c.id AND met_at >= %(before)s AND met_at < %(start)s
) b
WHERE c.is_active AND last.at >= %(before)s AND last.at < %(start)s
ORDER BY 1 DESC, 2
