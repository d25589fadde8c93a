"""Uploads that never touch the disk and never grow past the cap: a file with a NIK in it must not lie in /tmp."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from io import BytesIO
from typing import Any, Concatenate, ParamSpec

from django.conf import settings
from django.core.files.uploadedfile import InMemoryUploadedFile
from django.core.files.uploadhandler import FileUploadHandler, StopUpload
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt, csrf_protect

P = ParamSpec("P")


class CappedUpload(FileUploadHandler):
    """Keeps files in memory; past the cap over all of them the rest is read and thrown away, and the request says so."""

    def __init__(self, request: HttpRequest, cap: int | None = None) -> None:
        super().__init__(request)
        self.kept = BytesIO()
        self.size = 0
        self.cap = settings.MAX_IMPORT_BYTES if cap is None else cap

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self.kept = BytesIO()

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:  # noqa: ARG002 - signature of Django
        self.size += len(raw_data)
        if self.size > self.cap:
            self.kept = BytesIO()
            self.request.META["teladan.upload_too_large"] = True  # type: ignore[union-attr]
            raise StopUpload(connection_reset=False)
        self.kept.write(raw_data)

    def file_complete(self, file_size: int) -> InMemoryUploadedFile:
        self.kept.seek(0)
        return InMemoryUploadedFile(
            self.kept, self.field_name, self.file_name or "", self.content_type or "", file_size, self.charset
        )


def is_too_large(request: HttpRequest) -> bool:
    """The upload of this request was cut off at the cap."""
    return bool(request.META.get("teladan.upload_too_large"))


def capped_upload(
    view: Callable[Concatenate[HttpRequest, P], HttpResponse],
) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """View decorator, outermost. The handler must be set before CSRF reads the body, so CSRF is checked inside."""
    return capped_at(None)(view)


def capped_at(
    cap: int | None,
) -> Callable[
    [Callable[Concatenate[HttpRequest, P], HttpResponse]], Callable[Concatenate[HttpRequest, P], HttpResponse]
]:
    """`capped_upload` with a cap of the room's own, in bytes over all files of a request."""

    def decorate(
        view: Callable[Concatenate[HttpRequest, P], HttpResponse],
    ) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
        protected = csrf_protect(view)

        @csrf_exempt
        @wraps(view)
        def capped(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            request.upload_handlers = [CappedUpload(request, cap)]
            return protected(request, *args, **kwargs)

        return capped

    return decorate
