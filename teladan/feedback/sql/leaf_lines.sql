-- What became of a month's ratings as text lines in the order of their numbers. Refused casts are no ratings.
COPY (
    SELECT encode(leaf, 'hex') || ' ' || status
    FROM feedback_ratingleaf
    WHERE month = %(month)s AND status <> 'refused'
    ORDER BY leaf
) TO STDOUT
