"""Charts: ticks are round, every mark lies in the picture, odd inputs still give a picture or say why not."""

from __future__ import annotations

import math
import re
from itertools import pairwise

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from teladan.ui import charts
from teladan.ui.charts import scales

FINITE = st.floats(-1e6, 1e6, allow_nan=False)


@pytest.fixture(autouse=True)
def _indonesian():
    with translation.override("id"):
        yield


# --- scales ---


@pytest.mark.parametrize(
    ("low", "high", "limits", "ticks"),
    [
        (82.9, 89.8, None, [82, 84, 86, 88, 90]),
        (0, 97, None, [0, 25, 50, 75, 100]),
        (3.12, 3.53, (1, 4), [3.0, 3.2, 3.4, 3.6]),
        (3.86, 4.4, (1, 4), [3.85, 3.9, 3.95, 4.0]),
        (0, 0, None, [-1, -0.5, 0, 0.5, 1]),
        (5, 3, None, [3, 3.5, 4, 4.5, 5]),
    ],
)
def test_ticks_are_round_and_enclose(low, high, limits, ticks):
    assert scales.nice_ticks(low, high, 4, limits) == pytest.approx(ticks)


def test_ticks_refuse_infinity_and_no_steps():
    with pytest.raises(ValueError, match="finite"):
        scales.nice_ticks(0, math.inf)
    with pytest.raises(ValueError, match="step"):
        scales.nice_ticks(0, 1, 0)


@given(FINITE, FINITE, st.integers(2, 8))
def test_ticks_enclose_what_they_measure(low, high, count):
    ticks = scales.nice_ticks(low, high, count)
    assert ticks[0] <= min(low, high)
    assert ticks[-1] >= max(low, high)
    assert 2 <= len(ticks) <= count + 2
    steps = {round((b - a) / (ticks[1] - ticks[0]), 6) for a, b in pairwise(ticks)}
    assert steps == {1.0}


@given(FINITE, FINITE, FINITE)
def test_scale_never_leaves_its_ends(low, high, value):
    assert 10 <= scales.Scale(low, high, 10, 90).at(value) <= 90


def test_scale_of_one_value_is_the_middle():
    assert scales.Scale(3, 3, 0, 100).at(3) == 50


def test_tick_digits_tell_ticks_apart():
    assert scales.tick_digits([80.0, 85.0]) == 0
    assert scales.tick_digits([3.0, 3.25]) == 2
    assert scales.tick_digits([100.0, 200.0]) == 0


@pytest.mark.parametrize(
    ("count", "room", "indices"),
    [(18, 8, [0, 5, 8, 11, 14, 17]), (3, 9, [0, 1, 2]), (1, 4, [0]), (0, 4, []), (9, 1, [8])],
)
def test_labels_spread_out(count, room, indices):
    assert scales.spread_out(count, room) == indices


@given(st.integers(2, 200), st.integers(2, 30))
def test_labels_keep_first_and_last(count, room):
    shown = scales.spread_out(count, room)
    assert shown[0] == 0
    assert shown[-1] == count - 1
    assert len(shown) <= room


def test_long_names_are_cut_with_an_ellipsis():
    assert scales.shortened("Kartu keluarga", 400) == "Kartu keluarga"
    cut = scales.shortened("Akta kelahiran bagi anak yang lahir di luar negeri", 120)
    assert cut.endswith("…")
    assert scales.text_width(cut) <= 120


# --- pictures ---


def _coordinates(chart):
    """Every coordinate of every drawing, with the box it must lie in."""
    for drawing in chart.drawings:
        for mark in drawing.marks:
            values = dict(mark.attributes)
            if "d" in values:
                numbers = [float(x) for x in re.findall(r"-?\d+(?:\.\d+)?", values["d"])]
                yield from ((drawing, x, y) for x, y in zip(numbers[::2], numbers[1::2], strict=True))
            elif "cx" in values:
                yield drawing, float(values["cx"]), float(values["cy"])
            elif "width" in values:
                x, y = float(values["x"]), float(values["y"])
                if mark.css != "c-hit":
                    yield drawing, x, y
                    yield drawing, x + float(values["width"]), y + float(values["height"])
            else:
                yield drawing, float(values["x"]), float(values["y"])


def _assert_inside(chart):
    for drawing, x, y in _coordinates(chart):
        assert 0 <= x <= drawing.width, (drawing.size, x)
        assert 0 <= y <= drawing.height, (drawing.size, y)


def _points(values):
    return [charts.TrendPoint(f"bulan {i}", v, v and v - 1, v and v + 1, 30) for i, v in enumerate(values)]


VALUES = st.lists(st.one_of(st.none(), st.floats(25, 100)), max_size=24)


@given(VALUES, st.floats(25, 100))
def test_trend_stays_in_its_box(values, threshold):
    chart = charts.trend("IKM", _points(values), threshold=charts.Line(threshold, "batas"))
    _assert_inside(chart)
    assert len(chart.table.rows) == len(values)
    assert bool(chart.drawings) == any(v is not None for v in values)


def test_trend_leaves_a_gap_where_data_is_missing():
    chart = charts.trend("IKM", _points([80, 81, None, 83, 84]))
    lines = [mark for mark in chart.drawings[0].marks if mark.css == "c-line"]
    bands = [mark for mark in chart.drawings[0].marks if mark.css == "c-band"]
    assert len(lines) == len(bands) == 2
    assert chart.table.rows[2][1] == "belum cukup data"


def test_trend_says_what_it_shows():
    chart = charts.trend("IKM", _points([84.1, 88.715]), threshold=charts.Line(88.31, "batas A"))
    assert chart.description == "Dari 84,10 (bulan 0) menjadi 88,72 (bulan 1). batas A: 88,31."
    assert [drawing.size for drawing in chart.drawings] == ["narrow", "medium", "wide"]


def test_trend_table_leaves_out_columns_nobody_filled():
    chart = charts.trend("IKM", [charts.TrendPoint("Okt", 80.0), charts.TrendPoint("Nov", 81.0)])
    assert chart.table.head == ("Bulan", "Nilai")
    assert chart.table.rows == (("Okt", "80,00"), ("Nov", "81,00"))


def test_trend_without_data_says_so():
    chart = charts.trend("IKM", [])
    assert chart.drawings == ()
    assert chart.description == "Belum ada bulan dengan cukup data."


@given(st.floats(1, 4), st.floats(0, 1), st.floats(0, 1), st.floats(1, 4))
def test_interval_stays_in_its_box(value, below, above, average):
    estimate = charts.Estimate(value, max(1, value - below), min(4, value + above), "Anda")
    chart = charts.interval(
        "Nilai", estimate, average=charts.Line(average, "rata-rata"), band=(1.2, 3.9), core=(2.0, 3.0), limits=(1, 4)
    )
    _assert_inside(chart)
    assert any(mark.css == "c-interval" for mark in chart.drawings[0].marks)


def test_interval_describes_every_part():
    chart = charts.interval(
        "Nilai", charts.Estimate(3.41, 3.29, 3.53, "Anda"), average=charts.Line(3.31, "rata-rata"), band=(3.12, 3.49)
    )
    assert chart.table.rows == (
        ("Anda", "3,41"),
        ("Rentang 95%", "3,29–3,53"),
        ("rata-rata", "3,31"),
        ("Semua yang sebanding", "3,12–3,49"),
    )


@given(st.lists(st.tuples(st.text(max_size=80), st.one_of(st.none(), st.floats(0, 1e5))), max_size=12))
def test_bars_stay_in_their_box(rows):
    _assert_inside(charts.bars("Tepat waktu", [charts.Bar(*row) for row in rows]))


def test_bars_refuse_negative_values():
    with pytest.raises(ValueError, match="zero"):
        charts.bars("Salah", [charts.Bar("x", -1)])


def test_bars_without_rows_draw_nothing():
    assert charts.bars("Kosong", []).drawings == ()


def test_bars_fix_the_full_length_and_mark_the_target():
    chart = charts.bars("Tepat waktu", [charts.Bar("KK", 50, target=90)], maximum=100, unit="%")
    track, bar = (mark for mark in chart.drawings[2].marks if mark.css in ("c-track", "c-bar"))
    assert float(dict(bar.attributes)["width"]) == pytest.approx(float(dict(track.attributes)["width"]) / 2, abs=0.1)
    assert chart.table.head == ("Nama", "Nilai", "Sasaran")
    assert chart.table.rows == (("KK", "50%", "90%"),)


@given(st.lists(st.tuples(st.text(max_size=60), st.floats(1, 4)), max_size=20), st.floats(1, 4))
def test_dots_stay_in_their_box(rows, average):
    chart = charts.dots(
        "Unit",
        [charts.Dot(label, value, max(1, value - 0.2), min(4, value + 0.2)) for label, value in rows],
        average=charts.Line(average, "rata-rata"),
        limits=(1, 4),
    )
    _assert_inside(chart)


@given(st.lists(st.tuples(st.text(max_size=40), st.floats(1, 4), st.integers(30, 500)), max_size=20), st.floats(1, 4))
def test_caterpillar_stays_in_its_box_and_is_sorted(rows, reference):
    chart = charts.caterpillar(
        "Petugas",
        [charts.Dot(label, value, max(1, value - 0.2), min(4, value + 0.2), n=n) for label, value, n in rows],
        reference=charts.Line(reference, "rata-rata"),
        limits=(1, 4),
    )
    _assert_inside(chart)
    values = [float(row[1].replace(",", ".")) for row in chart.table.rows]
    assert values == sorted(values, reverse=True)


def test_caterpillar_links_each_row_and_says_how_many():
    chart = charts.caterpillar(
        "Petugas",
        [charts.Dot("Budi", 3.1, 3.0, 3.2, n=31, url="/b"), charts.Dot("Ani", 3.4, 3.2, 3.6, n=64, url="/a")],
        reference=charts.Line(3.3, "rata-rata"),
    )
    assert chart.table.head == ("Nama", "Nilai", "Rentang", "Banyaknya")
    assert chart.table.lines == [
        ("/a", ("Ani", "3,40", "3,20–3,60", "64")),
        ("/b", ("Budi", "3,10", "3,00–3,20", "31")),
    ]
    assert len([mark for mark in chart.drawings[0].marks if mark.css == "c-mean"]) == 1


def test_a_table_without_addresses_has_lines_without():
    assert charts.bars("Kosong", [charts.Bar("x", 1)]).table.lines == [("", ("x", "1"))]


def _curve(centre, spread, ns=(1, 5, 20, 100, 500, 2000)):
    return [charts.Bounds(n, *(centre + z * spread / n**0.5 for z in (-3.09, -1.96, 1.96, 3.09))) for n in ns]


@given(
    st.lists(st.tuples(st.text(max_size=30), st.integers(0, 2000), st.floats(1, 4), st.integers(0, 2)), max_size=20),
    st.floats(0, 1.5),
)
def test_funnel_stays_in_its_box(spots, spread):
    chart = charts.funnel(
        "Corong",
        [charts.Spot(label, n, value, beyond=beyond) for label, n, value, beyond in spots],
        centre=charts.Line(3.3, "rata-rata"),
        curve=_curve(3.3, spread),
        limits=(1, 4),
    )
    _assert_inside(chart)


def test_funnel_names_what_chance_does_not_explain():
    spots = [
        charts.Spot("sedikit", 4, 2.8),
        charts.Spot("banyak", 400, 2.8, beyond=2, url="/why"),
        charts.Spot("nyaris", 90, 3.45, beyond=1),
        charts.Spot("kosong", 0, 4.0),
    ]
    chart = charts.funnel("Corong", spots, centre=charts.Line(3.3, "rata-rata"), curve=_curve(3.3, 0.6))
    assert chart.description == "3 titik, 1 di luar batas kebetulan: banyak."
    assert [row[3] for row in chart.table.rows] == ["dalam batas", "di luar 99,8%", "di luar 95%"]
    assert chart.table.links == ("", "/why", "")
    for drawing in chart.drawings:
        assert [mark.text for mark in drawing.marks if mark.css == "c-value"] == ["banyak"]
        assert sum(mark.css == "c-bound" for mark in drawing.marks) == 4


def test_funnel_draws_the_limits_it_is_given():
    curve = [charts.Bounds(10, 2.0, 2.5, 3.5, 4.0), charts.Bounds(100, 2.8, 2.9, 3.1, 3.2)]
    chart = charts.funnel(
        "Corong", [charts.Spot("x", 10, 3.0), charts.Spot("y", 100, 3.0)], centre=charts.Line(3, "tengah"), curve=curve
    )
    bounds = [dict(mark.attributes)["d"] for mark in chart.drawings[2].marks if mark.css == "c-bound"]
    ends = [tuple(float(part) for part in d[1:].split()) for d in bounds]  # x1 y1 x2 y2 of each
    middle = next(float(dict(m.attributes)["d"][1:].split()[1]) for m in chart.drawings[2].marks if m.css == "c-mean")
    assert {end[0] for end in ends} == {ends[0][0]}
    for upper, lower in ((ends[0], ends[1]), (ends[2], ends[3])):
        assert middle - upper[1] == pytest.approx(lower[1] - middle, abs=0.2)  # symmetric limits, symmetric lines
        assert abs(upper[3] - middle) < abs(upper[1] - middle)  # narrower with more ratings


@pytest.mark.parametrize(("spots", "curve"), [([], _curve(3.3, 0.6)), ([charts.Spot("x", 10, 3.0)], [])])
def test_funnel_without_spots_or_limits_draws_nothing(spots, curve):
    chart = charts.funnel("Corong", spots, centre=charts.Line(3.3, "rata-rata"), curve=curve)
    assert chart.drawings == ()
    assert chart.description == "Belum ada data."


@given(VALUES)
def test_sparkline_stays_in_its_box(values):
    _assert_inside(charts.sparkline("IKM", values))


def test_equal_values_and_one_point_still_draw():
    for chart in (
        charts.trend("IKM", _points([80])),
        charts.trend("IKM", [charts.TrendPoint(str(i), 0.0) for i in range(3)]),
        charts.sparkline("IKM", [3.0, 3.0]),
        charts.dots("Unit", [charts.Dot("satu", 3.0)]),
        charts.bars("Nol", [charts.Bar("nol", 0)]),
    ):
        assert chart.drawings
        _assert_inside(chart)


def test_coordinates_have_no_comma_in_any_language():
    chart = charts.trend("IKM", _points([80.123, 81.456]))
    assert all("," not in value for d in chart.drawings for mark in d.marks for _name, value in mark.attributes)


# --- quadrant ---

CELLS = [[charts.Cell(f"{row}{column}") for column in (1, 2, 3)] for row in (1, 2, 3)]
AXES = {"row_axis": "Hasil kerja", "column_axis": "Perilaku", "steps": ("bawah", "sesuai", "atas")}


def test_quadrant_puts_people_in_their_cells_highest_row_first():
    grid = charts.quadrant("Kuadran", CELLS, [charts.Placed("Mega", 3, 3), charts.Placed("Rani", 1, 2)], **AXES)
    assert [row.label for row in grid.rows] == ["atas", "sesuai", "bawah"]
    placed = {cell.meaning: [p.name for p in cell.people] for row in grid.rows for cell in row.cells if cell.people}
    assert placed == {"33": ["Mega"], "12": ["Rani"]}


def test_quadrant_refuses_places_outside_and_unknown_tones():
    with pytest.raises(ValueError, match="1 to 3"):
        charts.quadrant("Kuadran", CELLS, [charts.Placed("x", 0, 2)], **AXES)
    with pytest.raises(ValueError, match="three rows"):
        charts.quadrant("Kuadran", CELLS[:2], [], **AXES)
    with pytest.raises(ValueError, match="tone"):
        charts.quadrant("Kuadran", [[charts.Cell("x", "red")] * 3] * 3, [], **AXES)


@pytest.mark.parametrize(
    ("values", "is_above"),
    [((80.0, 88.0, 81.0), False), ((88.0, 80.0, 87.0), True)],
    ids=["falling: the line comes from above", "rising: the line comes from below"],
)
def test_the_last_value_keeps_clear_of_the_line(values, is_above):
    points = [charts.TrendPoint(str(index), value, value - 1, value + 1) for index, value in enumerate(values)]
    for drawing in charts.trend("Kepuasan", points).drawings:
        dot = next(mark for mark in drawing.marks if mark.css == "c-dot")
        words = next(mark for mark in drawing.marks if mark.css == "c-value")
        assert (float(dict(words.attributes)["y"]) < float(dict(dot.attributes)["cy"])) == is_above
