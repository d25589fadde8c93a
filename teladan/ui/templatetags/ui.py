"""The component tags. `{% load ui %}` and compose; an unknown argument or kind is an error, never ignored.

Text is escaped; block tags take HTML inside. Values for people go through the number and date filters first.

HEADINGS AND LAYOUT (layout itself is CSS: .stack .row .split .split.even .split.aside .cluster .actions .between .links .soft)
  {% home_url %} {% government %}             where signed-in people begin; whom this instance serves
  {% heading "Judul" kicker="Oktober 2026" lead="Satu kalimat." %}     the page's one h1
  {% breadcrumbs trail %}                     list of (label, url); last without url; put it in block breadcrumbs
  {% crumbs "Belajar" url "Aturan" %}         the same where no view makes a list: pairs, then this page
  {% card title="Menunggu Anda" level=2 kind="accent|quiet|flush" id="x" %} … {% endcard %}
  {% more "Lihat rincian" open=False %} … {% endmore %}                details/summary

ACTIONS
  {% link_button "Lihat dokumen" url kind="primary|quiet|danger|plain" block=False %}
  {% button "Simpan" kind=… name="" value="" form="" block=False disabled=False %}      type submit
  {% post_button "Tutup Oktober" url kind=… name="" value="" %}        own POST form with CSRF token
  {% why url %}   {% why url "Dari mana angka ini?" %}                 the link beside every number

WORDS AND STATES
  {% badge "final" "neutral|gold|good|fair|poor|info" %}
  {% status "todo|now|late|done" "Terlambat" %}                        dot WITH its word
  {% callout "info|warn|error|success" title="" %} … {% endcallout %}
  {% empty "Belum ada tiket" %} … {% endempty %}                       says what to do next
  {% not_enough n=7 need=10 %}   {% not_enough need=10 what="penilaian" %}   "Belum cukup data"

FORMS (wrap in <form method="post" novalidate class="form">{% csrf_token %}…)
  {% error_summary form %}                    form, formset or list of forms; nothing when there are no errors
  {% field form.name label="" hint="" bare=False %}   any bound field: label, hint, error, aria-describedby;
                                              bare=True leaves out its help text and placeholder
  {% fields form %}                           all visible fields, and the hidden ones
  {% faces form.overall hint="" %}            four faces with words (field with four choices), nothing preselected
  {% pick form.result hide_legend=False %}    segmented radio bar, for short words; keeps the form's initial value

DATA
  {% table "Judul tabel" stacked=False compact=False hide_caption=False id="" %} <thead>…<tbody>… {% endtable %}
                                              numbers: class="n"; stacked (narrow): give each td data-label="…";
                                              neighbours that are numbers or class="short" stand side by side there
  {% facts %} {% fact "Unit" unit.name %} {% factblock "Catatan" %}…{% endfactblock %} {% endfacts %}
  {% figure "Kepuasan masyarakat" ikm|number:2 unit="" grade="A" tone="good|fair|poor|none" note="" why=url %}
  {% steps rows %}                            (label, value[, note]) lines; the last is the result
  {% progress 12 40 "Pegawai dinilai" tone="|good|over" %}
  {% pagination page_obj param="page" %}      keeps the rest of the query string
  {% chart drawing note="" hide_title=False %}   what a function of teladan.ui.charts returns, with its table beside

WORK
  {% cycle_bar stages %}                      (label, note, "past|here|next"[, url])
  {% tasks %} {% task "12 pegawai tanpa atasan" state="late" word="Terlambat" note="" url=url action="Perbaiki" %} {% endtasks %}
  {% tiles %} {% tile "Kartu keluarga" note="janji 24 jam" url=url %} {% tile "KTP" name="service" value="3" checked=False %} {% endtiles %}

NUMBERS AND DATES (half-up; decimal comma; follow the language)
  {% number value 2 %}  {{ value|number:2 }}  {{ delta|signed:2 }}  {{ share|percent:0 }}  {% interval low high 2 %}
  {{ d|day }} 9 November 2026 · {{ d|day_short }} · {{ d|weekday }} Senin, 9 … · {{ m|month }} Oktober 2026 ·
  {{ m|month_short }} · {% months first last %} · {{ t|clock_time }} 10.42
  {{ name|before_stop }}                      a name that ends a sentence ("S.H." brings its own full stop)
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from django import forms, template
from django.conf import settings
from django.core.paginator import Page
from django.forms.boundfield import BoundField
from django.shortcuts import resolve_url
from django.template import TemplateSyntaxError
from django.template.context import Context
from django.template.loader import render_to_string
from django.urls import NoReverseMatch
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from teladan.ui import charts, formats
from teladan.ui import fields as bound_fields
from teladan.ui.parts import Crumb, Stage, State, Step

register = template.Library()

BUTTON_KINDS = ("primary", "quiet", "danger", "plain")
BADGE_KINDS = ("neutral", "gold", "good", "fair", "poor", "info")
CARD_KINDS = ("", "accent", "quiet", "flush")
TONES = ("good", "fair", "poor", "none")


def _one_of(value: str, allowed: Iterable[str], what: str) -> str:
    if value not in allowed:
        raise TemplateSyntaxError(f"{what} {value!r} is unknown; use one of {', '.join(map(repr, allowed))}.")
    return value


# --- headings and layout ---------------------------------------------------------------------------------------------


@register.simple_tag
def government() -> str:
    """The government this instance serves, also where no context processor runs."""
    return str(settings.GOVERNMENT_NAME)


@register.simple_tag
def home_url() -> str:
    """Where signed-in people begin; the front page when no room offers that."""
    try:
        return str(resolve_url(settings.LOGIN_REDIRECT_URL))
    except NoReverseMatch:
        return "/"


@register.inclusion_tag("ui/parts/heading.html")
def heading(title: str, kicker: str = "", lead: str = "") -> dict[str, Any]:
    return {"title": title, "kicker": kicker, "lead": lead}


@register.inclusion_tag("ui/parts/breadcrumbs.html")
def breadcrumbs(trail: Iterable[tuple[str, str]]) -> dict[str, Any]:
    return {"trail": [Crumb(*crumb) for crumb in trail]}


@register.inclusion_tag("ui/parts/breadcrumbs.html")
def crumbs(*parts: str) -> dict[str, Any]:
    """The way back where the page itself knows it: label, address, label, address, … and this page's name."""
    if len(parts) % 2 == 0:
        raise TemplateSyntaxError("Crumbs are pairs of label and address, and then this page's name.")
    return {"trail": [*map(Crumb, parts[:-1:2], parts[1::2]), Crumb(parts[-1])]}


@register.simple_block_tag
def card(content: SafeString, title: str = "", level: int = 2, kind: str = "", id: str = "") -> SafeString:
    _one_of(kind, CARD_KINDS, "card kind")
    _one_of(str(level), "23456", "card level")
    head = format_html("<h{0}>{1}</h{0}>", level, title) if title else ""
    return format_html(
        '<section class="card{}"{}>{}{}</section>', f" {kind}" if kind else "", _attribute("id", id), head, content
    )


@register.simple_block_tag
def more(content: SafeString, summary: str, open: bool = False) -> SafeString:
    opened = SafeString(" open") if open else ""
    return format_html('<details class="more"{}><summary>{}</summary><div>{}</div></details>', opened, summary, content)


def _attribute(name: str, value: str) -> str:
    return format_html(' {}="{}"', name, value) if value else ""


# --- actions ---------------------------------------------------------------------------------------------------------


def _button_class(kind: str, block: bool = False) -> str:
    _one_of(kind, BUTTON_KINDS, "button kind")
    return "button" + (f" {kind}" if kind != "primary" else "") + (" block" if block else "")


@register.simple_tag
def link_button(label: str, url: str, kind: str = "primary", block: bool = False) -> SafeString:
    return format_html('<a class="{}" href="{}">{}</a>', _button_class(kind, block), url, label)


@register.simple_tag
def button(
    label: str,
    kind: str = "primary",
    name: str = "",
    value: str = "",
    form: str = "",
    block: bool = False,
    disabled: bool = False,
) -> SafeString:
    attributes = format_html(
        "{}{}{}{}",
        _attribute("name", name),
        _attribute("value", str(value)),
        _attribute("form", form),
        SafeString(" disabled") if disabled else "",
    )
    return format_html('<button type="submit" class="{}"{}>{}</button>', _button_class(kind, block), attributes, label)


@register.inclusion_tag("ui/parts/post_button.html", takes_context=True)
def post_button(
    context: Context, label: str, url: str, kind: str = "primary", name: str = "", value: str = ""
) -> dict[str, Any]:
    return {
        "csrf_token": context.get("csrf_token"),
        "label": label,
        "url": url,
        "css": _button_class(kind),
        "name": name,
        "value": value,
    }


@register.simple_tag
def why(url: str, text: str = "") -> SafeString:
    return format_html('<a class="why" href="{}">{}</a>', url, text or _("Mengapa angka ini?"))


# --- words and states ------------------------------------------------------------------------------------------------


@register.simple_tag
def badge(text: str, kind: str = "neutral") -> SafeString:
    _one_of(kind, BADGE_KINDS, "badge kind")
    return format_html('<span class="tag{}">{}</span>', "" if kind == "neutral" else f" {kind}", text)


@register.simple_tag
def status(state: str, word: str) -> SafeString:
    _one_of(state, list(State), "state")
    if not word:
        raise TemplateSyntaxError("A status needs its word: colour alone says nothing.")
    return format_html('<span class="status"><span class="dot {}"></span>{}</span>', state, word)


@register.simple_block_tag
def callout(content: SafeString, kind: str = "info", title: str = "") -> SafeString:
    words = {"info": _("Informasi"), "warn": _("Perhatian"), "error": _("Kesalahan"), "success": _("Berhasil")}
    _one_of(kind, words, "callout kind")
    head = format_html('<p class="callout-title">{}</p>', title) if title else ""
    return format_html(
        '<div class="callout {}"><span class="vh">{}:</span>{}<div>{}</div></div>', kind, words[kind], head, content
    )


@register.simple_block_tag
def waiting(content: SafeString, here: str) -> SafeString:
    """How far background work is: asks `here` for itself every two seconds, until it is given something else."""
    return format_html(
        '<div id="kemajuan" class="stack tight" hx-get="{}" hx-trigger="every 2s" hx-target="this" hx-swap="outerHTML"'
        ' role="status">{}</div>',
        here,
        content,
    )


@register.simple_block_tag
def empty(content: SafeString, title: str) -> SafeString:
    return format_html('<div class="empty"><b>{}</b><div>{}</div></div>', title, content)


@register.inclusion_tag("ui/parts/not_enough.html")
def not_enough(need: int, n: int | None = None, what: str = "") -> dict[str, Any]:
    return {"n": n, "need": need, "what": what or _("penilaian"), "missing": None if n is None else max(0, need - n)}


# --- forms -----------------------------------------------------------------------------------------------------------


@register.inclusion_tag("ui/parts/error_summary.html")
def error_summary(form: forms.BaseForm | forms.BaseFormSet[Any] | Iterable[forms.BaseForm]) -> dict[str, Any]:
    return {"lines": bound_fields.summary(form)}


@register.inclusion_tag("ui/parts/field.html")
def field(
    field: BoundField, label: str = "", hint: str = "", bare: bool = False, one_of: bool = False
) -> dict[str, Any]:
    """`one_of`: it may stay empty, but not together with another, so that saying it may would mislead."""
    group, check = bound_fields.is_group(field), isinstance(field.field.widget, forms.CheckboxInput)
    hint, described = bound_fields.described(field, hint, bare)
    return {
        "field": field,
        "label": label or field.label,
        "hint": hint,
        "group": group,
        "check": check,
        "described": described,
        "control": "" if group else bound_fields.control(field, described, bare),
        "optional": not (field.field.required or check or one_of),
    }


@register.inclusion_tag("ui/parts/fields.html")
def fields(form: forms.BaseForm) -> dict[str, Any]:
    return {"hidden": form.hidden_fields(), "visible": form.visible_fields()}


def _scale(bound: BoundField, label: str, hint: str, *, keep_initial: bool) -> dict[str, Any]:
    hint, described = bound_fields.described(bound, hint)
    return {
        "field": bound,
        "label": label or bound.label,
        "hint": hint,
        "described": described,
        "options": bound_fields.options(bound, keep_initial=keep_initial),
        "required": bound.field.required and bound.form.use_required_attribute,
        "optional": not bound.field.required,
    }


@register.inclusion_tag("ui/parts/faces.html")
def faces(field: BoundField, label: str = "", hint: str = "") -> dict[str, Any]:
    context = _scale(field, label, hint, keep_initial=False)
    if len(context["options"]) != 4:
        raise TemplateSyntaxError("The face scale has exactly four choices.")
    return context


@register.inclusion_tag("ui/parts/pick.html")
def pick(field: BoundField, label: str = "", hint: str = "", hide_legend: bool = False) -> dict[str, Any]:
    return {**_scale(field, label, hint, keep_initial=True), "hide_legend": hide_legend}


# --- data ------------------------------------------------------------------------------------------------------------


@register.simple_block_tag
def table(
    content: SafeString,
    caption: str,
    stacked: bool = False,
    compact: bool = False,
    hide_caption: bool = False,
    id: str = "",
) -> SafeString:
    return format_html(
        '<div class="table-wrap{}" role="region" aria-label="{}" tabindex="0"><table{}{}><caption{}>{}</caption>{}</table></div>',
        " stacked" if stacked else "",
        caption,
        _attribute("class", "compact" if compact else ""),
        _attribute("id", id),
        _attribute("class", "vh" if hide_caption else ""),
        caption,
        content,
    )


@register.simple_block_tag
def facts(content: SafeString) -> SafeString:
    return format_html('<dl class="facts">{}</dl>', content)


@register.simple_tag
def fact(term: str, value: Any) -> SafeString:
    return format_html("<div><dt>{}</dt><dd>{}</dd></div>", term, formats.MISSING if value in (None, "") else value)


@register.simple_block_tag
def factblock(content: SafeString, term: str) -> SafeString:
    return format_html("<div><dt>{}</dt><dd>{}</dd></div>", term, content)


@register.inclusion_tag("ui/parts/figure.html")
def figure(
    label: str,
    value: str,
    unit: str = "",
    grade: str = "",
    tone: str = "good",
    note: str = "",
    why: str = "",
) -> dict[str, Any]:
    _one_of(tone, TONES, "figure tone")
    return {"label": label, "value": value, "unit": unit, "grade": grade, "tone": tone, "note": note, "why_url": why}


@register.inclusion_tag("ui/parts/steps.html")
def steps(rows: Iterable[tuple[str, str]]) -> dict[str, Any]:
    return {"rows": [Step(*row) for row in rows]}


@register.inclusion_tag("ui/parts/progress.html")
def progress(value: int, total: int, label: str, tone: str = "") -> dict[str, Any]:
    _one_of(tone, ("", "good", "over"), "progress tone")
    return {"value": value, "total": total, "label": label, "tone": tone, "shown_total": max(total, 1)}


@register.inclusion_tag("ui/parts/pagination.html", takes_context=True)
def pagination(context: Context, page: Page[Any], param: str = "page") -> dict[str, Any]:
    query = context["request"].GET.copy()
    query.pop(param, None)
    prefix = f"?{query.urlencode()}&" if query else "?"
    numbers = page.paginator.get_elided_page_range(page.number, on_each_side=1, on_ends=1)
    return {"page": page, "numbers": numbers, "prefix": f"{prefix}{param}=", "gap": page.paginator.ELLIPSIS}


@register.simple_tag
def chart(drawing: charts.Chart | charts.Quadrant, note: str = "", hide_title: bool = False) -> SafeString:
    templates = {"svg": "ui/parts/chart.html", "spark": "ui/parts/spark.html", "quadrant": "ui/parts/quadrant.html"}
    return render_to_string(templates[drawing.kind], {"chart": drawing, "note": note, "title_shown": not hide_title})


# --- work ------------------------------------------------------------------------------------------------------------


@register.inclusion_tag("ui/parts/cycle_bar.html")
def cycle_bar(stages: Iterable[tuple[str, str, str]]) -> dict[str, Any]:
    rows = [Stage(*stage) for stage in stages]
    for stage in rows:
        _one_of(stage.state, ("past", "here", "next"), "stage state")
    return {"stages": rows}


@register.simple_block_tag
def tasks(content: SafeString) -> SafeString:
    return format_html('<ul class="list">{}</ul>', content)


@register.inclusion_tag("ui/parts/task.html")
def task(title: str, state: str, word: str, note: str = "", url: str = "", action: str = "") -> dict[str, Any]:
    return {
        "title": title,
        "mark": status(state, word),
        "note": note,
        "url": url,
        "action": action or _("Buka"),
    }


@register.simple_block_tag
def tiles(content: SafeString) -> SafeString:
    return format_html('<div class="tiles">{}</div>', content)


@register.inclusion_tag("ui/parts/tile.html")
def tile(
    label: str, note: str = "", url: str = "", name: str = "", value: str = "", checked: bool = False
) -> dict[str, Any]:
    if bool(url) == bool(name):
        raise TemplateSyntaxError("A tile is either a link (url=) or a choice (name= and value=).")
    return {"label": label, "note": note, "url": url, "name": name, "value": value, "checked": checked}


# --- numbers and dates -----------------------------------------------------------------------------------------------


@register.simple_tag(name="number")
def number_tag(value: formats.Number | None, digits: int = 0) -> str:
    return formats.number(value, digits)


@register.simple_tag
def interval(low: formats.Number | None, high: formats.Number | None, digits: int = 2) -> SafeString:
    return format_html('<span class="nowrap">{}</span>', formats.interval(low, high, digits))


@register.simple_tag
def months(first: date, last: date) -> str:
    return formats.months(first, last)


@register.filter
def number(value: formats.Number | None, digits: int = 0) -> str:
    return formats.number(value, digits)


@register.filter
def signed(value: formats.Number | None, digits: int = 2) -> str:
    return formats.signed(value, digits)


@register.filter
def percent(value: formats.Number | None, digits: int = 0) -> str:
    return formats.percent(value, digits)


@register.filter
def day(value: date | datetime | None) -> str:
    return formats.day(value)


@register.filter
def day_short(value: date | datetime | None) -> str:
    return formats.day_short(value)


@register.filter
def weekday(value: date | datetime | None) -> str:
    return formats.weekday(value)


@register.filter
def month(value: date | datetime | None) -> str:
    return formats.month(value)


@register.filter
def month_short(value: date | datetime | None) -> str:
    return formats.month_short(value)


@register.filter
def clock_time(value: datetime | None) -> str:
    return formats.clock_time(value)


@register.filter
def before_stop(value: object) -> str:
    return formats.before_stop(value)
