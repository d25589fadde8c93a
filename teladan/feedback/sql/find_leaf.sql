-- Leaves between two numbers with their status: of open months from staging, refused ones and sealed months from the list.
SELECT f.leaf, f.month, f.status, f.reason, coalesce(m.state = 'open', false) AS is_open
FROM (
    SELECT leaf, month, status, reason FROM feedback_stagedrating WHERE leaf BETWEEN %(low)s AND %(high)s
    UNION ALL
    SELECT leaf, month, status, reason FROM feedback_ratingleaf WHERE leaf BETWEEN %(low)s AND %(high)s
) f
LEFT JOIN feedback_collectionmonth m ON m.month = f.month
LIMIT 3
