from django.urls import URLPattern, URLResolver, path

from teladan.people.views import appraisers, employees, imports, roles, units

urlpatterns: list[URLPattern | URLResolver] = [
    path("pegawai", employees.employee_list, name="people-list"),
    path("pegawai/impor", imports.import_start, name="people-import"),
    path("pegawai/impor/contoh/<str:kind>.csv", imports.import_example, name="people-import-example"),
    path("pegawai/impor/<uuid:run_id>", imports.import_run, name="people-import-run"),
    path("pegawai/impor/<uuid:run_id>/pesan.csv", imports.import_messages, name="people-import-messages"),
    path("pegawai/tanpa-atasan", appraisers.gap_list, name="people-gaps"),
    path("pegawai/tanpa-atasan/<str:code>", appraisers.gap_fix, name="people-gap"),
    path("pegawai/penetapan/<int:override_id>/akhiri", appraisers.override_end, name="people-appraiser-end"),
    path("pegawai/<uuid:person_id>", employees.employee_detail, name="people-detail"),
    path("pegawai/<uuid:person_id>/penilai", appraisers.appraiser_set, name="people-appraiser"),
    path("pegawai/<uuid:person_id>/akun", roles.account_for_person, name="people-account-make"),
    path("unit", units.unit_list, name="units-list"),
    path("unit/penugasan/<int:placement_id>/akhiri", units.acting_end, name="units-acting-end"),
    path("unit/<str:code>", units.unit_detail, name="units-detail"),
    path("unit/<str:code>/penugasan", units.acting_set, name="units-acting"),
    path("peran", roles.role_list, name="roles-page"),
    path("peran/akun", roles.account_list, name="people-accounts"),
    path("peran/akun/baru", roles.account_new, name="people-account-new"),
    path("peran/akun/<int:account_id>", roles.account_detail, name="people-account"),
    path("peran/akun/<int:account_id>/tutup", roles.account_close, name="people-account-close"),
    path("peran/akun/<int:account_id>/buka", roles.account_open, name="people-account-open"),
    path("peran/akun/<int:account_id>/sandi", roles.account_password, name="people-account-password"),
    path("peran/<int:grant_id>/cabut", roles.grant_end, name="people-grant-end"),
]
