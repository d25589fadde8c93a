"""`python -m bench [PART …]`: every measurement, or some; bounded in time, on loopback only."""

from __future__ import annotations

import argparse
import importlib.util
import platform
import subprocess
import sys

PARTS = {
    "citizen": "warga menilai, terhadap satu view Django polos",
    "busy": "laporan atas 100.000 jawaban; berkas yang diminta terlalu banyak orang",
    "staff": "halaman pegawai satu per satu, sendiri dan di samping warga yang menilai",
    "citizen_page": "bita, permintaan, ketukan, dan Lighthouse halaman warga",
    "employees": "daftar pegawai pada 3.000 dan 100.000 pegawai, terhadap hello world",
    "imports": "berkas pegawai: yang dikerjakan saat diunggah, dan yang ditinggalkan bagi pekerja",
    "closing": "menutup bulan, terhadap GROUP BY polos, pada 10.000 dan 1.000.000 penilaian",
    "integrity": "tanda integritas pada kota jujur dan pada kecurangan yang ditanam",
    "ledger": "memeriksa seluruh log pada 1.000.000 daun; satu ronde, satu bukti",
    "ranks": "peringkat bersama 10.000 petugas dari 20.000 undian",
    "memory": "ingatan situs dan pekerja saat diam",
}


def main() -> None:
    parser = argparse.ArgumentParser("python -m bench", description="Ukur kecepatan dan ingatan.")
    parser.add_argument("parts", nargs="*", metavar="BAGIAN", help=", ".join(PARTS))
    parser.add_argument("--seconds", type=float, default=3.0, help="lama satu putaran (bawaan: 3)")
    parser.add_argument("--rounds", type=int, default=3, help="putaran yang diambil tengahnya (bawaan: 3)")
    options = parser.parse_args()
    print(f"{platform.machine()}, {platform.python_implementation()} {platform.python_version()}")
    for part in options.parts or PARTS:
        print(f"\n== {part}: {PARTS[part]}", flush=True)
        # Each part in a process of its own: settings are read once per process.
        code = f"from bench import {part}; {part}.run({options.seconds}, {options.rounds})"
        if not importlib.util.find_spec(f"bench.{part}"):
            continue
        if failed := subprocess.run([sys.executable, "-c", code]).returncode:  # noqa: S603
            sys.exit(failed)


if __name__ == "__main__":
    main()
