-- Numbers of the last events of a month of each source that hands out tickets, at most so many of each.
SELECT s.id, array_agg(e.number)
FROM services_sourcesystem s
CROSS JOIN LATERAL (
    SELECT number FROM services_serviceevent
    WHERE source_id = s.id AND met_at >= %(start)s AND met_at < %(end)s
    ORDER BY met_at DESC LIMIT %(most)s
) e
WHERE s.issues_tickets
GROUP BY s.id
