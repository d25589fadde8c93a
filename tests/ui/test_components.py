"""Component tags: what they write, what they escape, what they refuse."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django import forms
from django.core.paginator import Paginator
from django.template import Context, Template, TemplateSyntaxError
from django.test import RequestFactory
from django.utils import translation

from teladan.ui import charts
from teladan.ui.gallery import SampleForm

NASTY = "<script>alert('x')</script>"


@pytest.fixture(autouse=True)
def _indonesian():
    with translation.override("id"):
        yield


def render(source: str, **context: Any) -> str:
    return " ".join(Template("{% load ui %}" + source).render(Context(context)).split())


# --- refusals ---


@pytest.mark.parametrize(
    "source",
    [
        "{% badge 'x' 'purple' %}",
        "{% status 'soon' 'Segera' %}",
        "{% status 'late' '' %}",
        "{% button 'x' kind='huge' %}",
        "{% link_button 'x' '#' kind='link' %}",
        "{% callout 'danger' %}x{% endcallout %}",
        "{% card kind='big' %}x{% endcard %}",
        "{% card title='x' level=1 %}x{% endcard %}",
        "{% figure 'x' '1' tone='red' %}",
        "{% progress 1 2 'x' tone='blue' %}",
        "{% tile 'x' %}",
        "{% tile 'x' url='#' name='y' %}",
        "{% cycle_bar stages %}",
    ],
)
def test_component_refuses_unknown_kinds(source):
    with pytest.raises(TemplateSyntaxError):
        render(source, stages=[("x", "", "tomorrow")])


@pytest.mark.parametrize(
    "source",
    [
        "{% badge 'x' colour='red' %}",
        "{% card titel='x' %}x{% endcard %}",
        "{% heading %}",
        "{% table %}x{% endtable %}",
    ],
)
def test_component_refuses_unknown_and_missing_arguments(source):
    with pytest.raises(TemplateSyntaxError):
        render(source)


@pytest.mark.parametrize(
    "source",
    [
        "{% heading x kicker=x lead=x %}",
        "{% card title=x id=x %}{% endcard %}",
        "{% more x %}{% endmore %}",
        "{% link_button x x %}",
        "{% button x name=x value=x form=x %}",
        "{% why x x %}",
        "{% badge x %}",
        "{% status 'done' x %}",
        "{% callout 'info' title=x %}{% endcallout %}",
        "{% empty x %}{% endempty %}",
        "{% not_enough n=1 need=2 what=x %}",
        "{% table x id=x %}{% endtable %}",
        "{% facts %}{% fact x x %}{% factblock x %}{% endfactblock %}{% endfacts %}",
        "{% figure x x unit=x grade=x note=x why=x %}",
        "{% steps rows %}",
        "{% progress 1 2 x %}",
        "{% tasks %}{% task x state='done' word=x note=x url=x action=x %}{% endtasks %}",
        "{% tiles %}{% tile x note=x url=x %}{% tile x name=x value=x %}{% endtiles %}",
        "{% cycle_bar stages %}",
        "{% breadcrumbs trail %}",
        "{% post_button x x name=x value=x %}",
        "{% chart drawing note=x %}",
        "{% chart grid %}",
    ],
)
def test_component_escapes_text(source):
    html = render(
        source,
        x=NASTY,
        rows=[(NASTY, NASTY, NASTY)],
        stages=[(NASTY, NASTY, "here", NASTY)],
        trail=[(NASTY, NASTY), (NASTY, "")],
        csrf_token="token",
        drawing=charts.bars(NASTY, [charts.Bar(NASTY, 1, NASTY)]),
        grid=charts.quadrant(
            NASTY,
            [[charts.Cell(NASTY)] * 3] * 3,
            [charts.Placed(NASTY, 1, 1, NASTY)],
            row_axis=NASTY,
            column_axis=NASTY,
            steps=(NASTY,) * 3,
        ),
    )
    assert "&lt;script&gt;" in html
    assert "<script" not in html


# --- what they say ---


def test_heading_is_the_one_h1():
    html = render("{% heading 'Menilai tim' kicker='Oktober 2026' %}")
    assert html == '<div class="heading"> <p class="kicker">Oktober 2026</p> <h1>Menilai tim</h1> </div>'


def test_card_wraps_html_with_a_heading_of_its_level():
    assert render("{% card title='Tim' level=3 kind='accent' %}<p>isi</p>{% endcard %}") == (
        '<section class="card accent"><h3>Tim</h3><p>isi</p></section>'
    )


def test_status_has_dot_and_word():
    assert (
        render("{% status 'late' 'Terlambat' %}")
        == '<span class="status"><span class="dot late"></span>Terlambat</span>'
    )


def test_callout_says_its_kind_to_those_who_do_not_see_the_colour():
    assert '<span class="vh">Perhatian:</span>' in render("{% callout 'warn' %}<p>x</p>{% endcallout %}")


def test_not_enough_counts_up_to_the_threshold():
    html = render("{% not_enough n=7 need=10 %}")
    assert "Belum cukup data" in html
    assert "Baru 7 dari paling sedikit 10 penilaian." in html
    assert 'value="7" max="10"' in html


def test_not_enough_keeps_a_secret_count_secret():
    html = render("{% not_enough need=5 what='jawaban' %}")
    assert "Hasil tampil bila ada paling sedikit 5 jawaban." in html
    assert "<progress" not in html


def test_figure_links_to_its_why():
    html = render("{% figure 'IKM' 88.715|number:2 grade='A' why='/mengapa' %}")
    assert '<span class="figure-number">88,72</span>' in html
    assert '<a class="why" href="/mengapa">Mengapa angka ini?</a>' in html


def test_fact_without_value_shows_a_dash_but_zero_stays():
    assert "<dd>–</dd>" in render("{% fact 'Atasan' '' %}")
    assert "<dd>0</dd>" in render("{% fact 'Jumlah' 0 %}")


def test_table_is_a_labelled_region_with_its_caption():
    html = render("{% table 'Layanan' stacked=True hide_caption=True %}<tbody></tbody>{% endtable %}")
    assert '<div class="table-wrap stacked" role="region" aria-label="Layanan" tabindex="0">' in html
    assert '<caption class="vh">Layanan</caption>' in html


def test_progress_of_nothing_is_no_error():
    assert 'max="1"' in render("{% progress 0 0 'Dinilai' %}")


def test_progress_numbers_stay_machine_readable_above_a_thousand():
    html = render("{% progress 1480 3000 'Dinilai' %}")
    assert 'value="1480"' in html
    assert 'max="3000"' in html
    assert "1.480 dari 3.000" in html


def test_cycle_bar_names_where_we_are():
    html = render("{% cycle_bar s %}", s=[("Layanan", "", "past"), ("Penutupan", "", "here", "/tutup"), ("Tim",)])
    assert html.count('aria-current="step"') == 1
    assert [word for word in ("Selesai", "Sekarang", "Nanti") if word in html] == ["Selesai", "Sekarang", "Nanti"]
    assert '<a href="/tutup">Penutupan</a>' in html


def test_task_link_tells_what_it_opens():
    html = render("{% task '12 pegawai tanpa atasan' state='late' word='Terlambat' url='/x' action='Perbaiki' %}")
    assert 'Perbaiki<span class="vh">: 12 pegawai tanpa atasan</span>' in html


def test_post_button_carries_the_csrf_token():
    html = render("{% post_button 'Tutup' '/tutup' name='bulan' value='2026-10' %}", csrf_token="rahasia")
    assert 'name="csrfmiddlewaretoken" value="rahasia"' in html
    assert 'name="bulan"' in html


def test_pagination_keeps_the_query_string():
    request = RequestFactory().get("/pegawai", {"cari": "a&b", "page": "2"})
    html = render("{% pagination p %}", p=Paginator(range(100), 10).page(2), request=request)
    assert 'href="?cari=a%26b&amp;page=3"' in html
    assert html.count("page=2") == 0
    assert "11 sampai 20 dari 100" in html


def test_pagination_of_one_page_is_silent():
    request = RequestFactory().get("/")
    assert render("{% pagination p %}", p=Paginator(range(5), 10).page(1), request=request) == ""


def test_numbers_and_dates_as_filters_and_tags():
    assert (
        render("{% number 1480 %} {{ 3.405|number:2 }} {{ -0.08|signed:2 }} {{ 0.39|percent:0 }}")
        == "1.480 3,41 −0,08 39%"
    )
    assert render("{% interval 3.29 3.53 %}") == '<span class="nowrap">3,29–3,53</span>'


# --- forms ---


def test_field_ties_label_hint_and_error_to_the_control():
    html = render("{% field form.name %}", form=SampleForm({}))
    assert '<label for="id_name">' in html
    assert 'aria-describedby="id_name_helptext id_name_error"' in html
    assert 'aria-invalid="true"' in html
    assert 'id="id_name_helptext"' in html
    assert 'id="id_name_error"' in html


def test_field_hint_argument_is_described_too():
    html = render("{% field form.count hint='Tanpa titik.' %}", form=SampleForm())
    assert 'aria-describedby="id_count_helptext"' in html
    assert '<div class="hint" id="id_count_helptext">Tanpa titik.</div>' in html


def test_field_bare_leaves_out_help_text():
    html = render("{% field form.name bare=True %}", form=SampleForm())
    assert "Tanpa gelar." not in html
    assert "aria-describedby" not in html


def test_field_group_is_a_fieldset_with_legend():
    html = render("{% field form.channel %}", form=SampleForm({}))
    assert "<fieldset" in html
    assert "<legend>" in html
    assert 'aria-describedby="id_channel_error"' in html
    assert html.count('type="radio"') == 2


def test_field_says_what_may_stay_empty():
    assert "(boleh kosong)" in render("{% field form.note %}", form=SampleForm())
    assert "(boleh kosong)" not in render("{% field form.name %}", form=SampleForm())


def test_fields_draws_all_visible_and_hidden():
    class Form(forms.Form):
        key = forms.CharField(widget=forms.HiddenInput)
        name = forms.CharField(label="Nama")

    html = render("{% fields form %}", form=Form())
    assert 'type="hidden"' in html
    assert html.count("<label") == 1


def test_error_summary_links_each_error_to_its_field():
    html = render("{% error_summary form %}", form=SampleForm({"overall": "3"}))
    assert '<a href="#id_name">Nama pegawai: ' in html
    assert '<a href="#id_channel_0">Saluran: ' in html
    assert 'role="alert"' in html


def test_error_summary_puts_no_colon_after_a_question():
    html = render("{% error_summary form %}", form=SampleForm({}))
    assert "terima hari ini? Bagian ini belum diisi." in html


def test_error_summary_of_a_good_form_is_silent():
    class Form(forms.Form):
        name = forms.CharField()

    assert render("{% error_summary form %}", form=Form({"name": "Afdal"})) == ""
    assert render("{% error_summary form %}", form=Form()) == ""


def test_error_summary_reads_formsets():
    class Form(forms.Form):
        name = forms.CharField(label="Nama")

    many = forms.formset_factory(Form, extra=2, min_num=2, validate_min=True)
    data = {"form-TOTAL_FORMS": "2", "form-INITIAL_FORMS": "0", "form-0-name": "x", "form-1-name": ""}
    html = render("{% error_summary formset %}", formset=many(data))
    assert '<a href="#id_form-1-name">' in html


def test_faces_preselect_nothing_even_with_initial():
    html = render("{% faces form.overall %}", form=SampleForm(initial={"overall": "4"}))
    assert html.count('type="radio"') == 4
    assert "checked" not in html
    assert all(word in html for word in ("Tidak baik", "Kurang baik", "Baik", "Sangat baik"))


def test_faces_keep_the_persons_own_answer():
    html = render("{% faces form.overall %}", form=SampleForm({"overall": "2"}))
    assert html.count("checked") == 1
    assert "required" in html


def test_faces_refuse_another_number_of_choices():
    with pytest.raises(TemplateSyntaxError):
        render("{% faces form.result %}", form=SampleForm())


def test_pick_keeps_what_was_saved_before():
    html = render("{% pick form.result %}", form=SampleForm(initial={"result": "3"}))
    assert html.count("checked") == 1


def test_pick_is_a_fieldset_of_radios():
    html = render("{% pick form.result hide_legend=True %}", form=SampleForm({"result": "2"}))
    assert '<legend class="vh">' in html
    assert html.count('type="radio"') == 3
    assert html.count("checked") == 1


# --- charts ---


def test_chart_has_a_name_a_table_and_three_widths():
    drawing = charts.trend("IKM", [charts.TrendPoint("Okt 2026", 88.7), charts.TrendPoint("Nov 2026", 89.1)])
    html = render("{% chart drawing note='Pita: 95%.' %}", drawing=drawing)
    assert html.count('role="img"') == 3
    assert 'aria-label="IKM. Dari 88,70 (Okt 2026) menjadi 89,10 (Nov 2026)."' in html
    assert "Lihat sebagai tabel" in html
    assert re.search(r'<th scope="row">\s*Okt 2026\s*</th>', html)
    assert "style=" not in html


def test_chart_without_data_says_so_and_has_no_table():
    html = render("{% chart drawing %}", drawing=charts.trend("IKM", []))
    assert "Belum ada bulan dengan cukup data." in html
    assert "<svg" not in html
    assert "<details" not in html
