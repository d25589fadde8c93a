-- Each source with its last event of all and its events of a month: one probe and one range of an index for each.
SELECT s.id, last.at, m.events
FROM services_sourcesystem s
CROSS JOIN LATERAL (SELECT max(met_at) AS at FROM services_serviceevent WHERE source_id = s.id) last
CROSS JOIN LATERAL (
    SELECT count(*) AS events FROM services_serviceevent
    WHERE source_id = s.id AND met_at >= %(start)s AND met_at < %(end)s
) m
