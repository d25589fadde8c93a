-- Per officer how many ratings of a month answer enough elements, and how many of these answer them all alike. Before the
-- seal from staging, after it from what was sealed. Replaced and voided ratings are not looked at.
SELECT officer_id,
       count(*) FILTER (WHERE answered >= %(least)s) AS answered,
       count(*) FILTER (WHERE answered >= %(least)s AND lowest = highest) AS equal
FROM (
    SELECT officer_id,
           num_nonnulls(persyaratan, prosedur, waktu, biaya, produk, kompetensi, perilaku, pengaduan, sarana) AS answered,
           least(persyaratan, prosedur, waktu, biaya, produk, kompetensi, perilaku, pengaduan, sarana) AS lowest,
           greatest(persyaratan, prosedur, waktu, biaya, produk, kompetensi, perilaku, pengaduan, sarana) AS highest
    FROM (
        SELECT officer_id, persyaratan, prosedur, waktu, biaya, produk, kompetensi, perilaku, pengaduan, sarana
        FROM feedback_stagedrating
        WHERE month = %(month)s AND status IN ('counted', 'held')
        UNION ALL
        SELECT officer_id, persyaratan, prosedur, waktu, biaya, produk, kompetensi, perilaku, pengaduan, sarana
        FROM feedback_sealedrating
        WHERE month = %(month)s
    ) AS given
    WHERE officer_id IS NOT NULL
) AS patterns
GROUP BY officer_id
