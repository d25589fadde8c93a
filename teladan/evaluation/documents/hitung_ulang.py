#!/usr/bin/env python3
"""Hitung ulang nilai adil dari berkas Anda sendiri. Tanpa pustaka apa pun, tanpa sambungan internet.

    python3 hitung_ulang.py hitung-ulang-2026-10-UNIT.json

Keluar dengan kode 0 bila semua angka sama sampai 1e-6, dan 1 bila ada yang berbeda.
"""

import json
import math
import sys

TOLERANCE = 1e-6


def recompute(record):
    """Nilai, simpangan, rentang dan rata-rata tersesuaikan, dari banyaknya penilaian, rata-rata dan titik-titiknya."""
    n, raw, grid = record["n"], record["raw_mean"], record["grid"]
    for point in grid:
        kept = n * point["sigma2_a"] / (n * point["sigma2_a"] + point["sigma2_e"]) if point["sigma2_a"] else 0.0
        check("lam", point["lam"], kept)
    check("jumlah bobot", 1.0, math.fsum(point["weight"] for point in grid))
    scores = [point["mu"] + point["lam"] * (raw - point["offset"]) for point in grid]
    score = math.fsum(point["weight"] * one for point, one in zip(grid, scores))
    spread = math.fsum(point["weight"] * (point["variance"] + (one - score) ** 2) for point, one in zip(grid, scores))
    se = math.sqrt(spread)
    return {
        "score": score,
        "se": se,
        "low": score - record["quantile"] * se,
        "high": score + record["quantile"] * se,
        "adjusted": math.fsum(point["weight"] * (point["mu"] + raw - point["offset"]) for point in grid),
    }


wrong = []


def check(name, printed, found):
    """Catat angka yang tidak sama; yang tidak ditampilkan tidak diperiksa."""
    if printed is not None and abs(printed - found) > TOLERANCE:
        wrong.append(f"{name}: tertulis {printed}, hasil hitung {found}")


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        record = json.load(file)
    found = recompute(record)
    for name, value in found.items():
        check(name, record["nilai"].get(name), value)
        print(f"{name:<10}{value:.6f}")
    print("\n".join(wrong) if wrong else f"Semua sama sampai {TOLERANCE:g}.")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
