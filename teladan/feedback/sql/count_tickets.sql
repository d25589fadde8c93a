-- Tickets of a month, issued and used, per unit, service and officer.
INSERT INTO feedback_ticketcount (month, unit_id, service_id, officer_id, issued, spent)
SELECT month, unit_id, service_id, officer_id, count(*), count(spent_on)
FROM feedback_ticket WHERE month = %(month)s
GROUP BY month, unit_id, service_id, officer_id
