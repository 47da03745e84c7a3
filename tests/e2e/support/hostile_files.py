"""Files that somebody would like a reader's browser to run, or to choke on: (what it is, its declared type, its bytes)."""

from __future__ import annotations

import gzip
import io
import struct
import zipfile
import zlib

from support.media import png

SCRIPT = b"<script>alert(document.domain)</script>"
PAGE = b"<!DOCTYPE html><html><body>" + SCRIPT + b"</body></html>"
DRAWING = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><script>alert(1)</script></svg>'
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"
GIF = b"GIF89a\x01\x00\x01\x00\x00\x00\x00"
OGG = b"OggS\0\x02" + bytes(20) + b"\x01\x13OpusHead\x01\x01"
MP4 = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom"
WEBM = b"\x1a\x45\xdf\xa3\x01\0\0\0\0\0\0\x1f\x42\x86\x81\x01\x42\xf7\x81\x01\x42\xf2\x81\x04\x42\xf3\x81\x08\x42\x82\x84webm"
WEBP = b"RIFF\x24\0\0\0WEBPVP8 "
WAV = b"RIFF\x24\0\0\0WAVEfmt "
PDF = b"%PDF-1.7\n1 0 obj<</OpenAction<</S/JavaScript/JS(app.alert(1))>>>>endobj\n"


def _zip(count: int = 1) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for n in range(count):
            archive.writestr(f"../../bomb-{n}", bytes(1_000_000))
    return packed.getvalue()


def _png_of(width: int, height: int) -> bytes:
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    crc = struct.pack(">I", zlib.crc32(b"IHDR" + head))
    return b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + head + crc + b"\0\0\0\0IEND\xaeB`\x82"


def _jpeg_of(width: int, height: int) -> bytes:
    return (
        JPEG
        + b"\xff\xc0\x00\x11\x08"
        + struct.pack(">HH", height, width)
        + b"\x03\x01\x22\x00\x02\x11\x01\x03\x11\x01\xff\xd9"
    )


def _gif_of(width: int, height: int) -> bytes:
    return b"GIF89a" + struct.pack("<HH", width, height) + b"\x00\x00\x00;"


def corpus() -> list[tuple[str, str, bytes]]:
    declared = [
        "image/png",
        "image/jpeg",
        "image/gif",
        "image/webp",
        "audio/ogg",
        "video/mp4",
        "text/plain",
        "application/json",
    ]
    files = [
        (f"a page as {kind}", kind, PAGE) for kind in [*declared, "text/html", "application/xhtml+xml", "text/css"]
    ]
    files += [
        (f"a drawing as {kind}", kind, DRAWING) for kind in [*declared[:4], "image/svg+xml", "text/plain", "text/xml"]
    ]
    beginnings = {
        "image/png": png(),
        "image/jpeg": _jpeg_of(10, 10),
        "image/gif": GIF,
        "audio/ogg": OGG,
        "video/mp4": MP4,
        "video/webm": WEBM + bytes(260),
        "image/webp": WEBP,
        "audio/wav": WAV,
        "audio/mpeg": b"ID3\x04\0\0\0\0\0\0",
        "audio/flac": b"fLaC\0\0\0\x22",
    }
    files += [(f"a page behind {kind}", kind, head + PAGE) for kind, head in beginnings.items()]
    files += [
        (f"a script far behind {kind}", kind, head + bytes(60_000) + SCRIPT)
        for kind, head in list(beginnings.items())[:5]
    ]
    files += [
        ("a page in a picture's text", "image/png", png(extra=b"Comment\0" + PAGE)),
        ("a drawing in a picture's text", "image/png", png(extra=b"Comment\0" + DRAWING)),
        ("a script in capitals", "image/png", png(extra=b"x\0<ScRiPt SRC=//evil.example>")),
        ("a page in UTF-16", "text/plain", PAGE.decode().encode("utf-16-le")),
        ("a page in UTF-16 with a mark", "text/plain", b"\xff\xfe" + PAGE.decode().encode("utf-16-le")),
        ("a page behind a mark", "text/plain", b"\xef\xbb\xbf" + PAGE),
        ("a page behind white space", "text/plain", b" \n\t" * 500 + PAGE),
        ("a page with NUL", "text/plain", b"\0" + PAGE),
        ("a frame", "text/plain", b"hello <iframe src=javascript:alert(1)>"),
        ("entities", "text/plain", b'<!ENTITY a "b"><!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'),
        ("PHP", "text/plain", b"<?php system($_GET[0]); ?>"),
        ("JavaScript", "text/javascript", b"alert(1)"),
        ("JavaScript as an application", "application/javascript", b"alert(1)"),
        ("JavaScript as a picture", "image/png", b"alert(1)"),
        ("a shell script", "text/x-shellscript", b"#!/bin/sh\nrm -rf /\n"),
        ("a shell script as a picture", "image/png", b"#!/bin/sh\nrm -rf /\n"),
        ("a program", "application/octet-stream", b"MZ" + bytes(100)),
        ("a program as a picture", "image/png", b"MZ" + bytes(100)),
        ("a program of Linux as sound", "audio/ogg", b"\x7fELF\x02\x01\x01" + bytes(60)),
        ("WebAssembly", "application/wasm", b"\0asm\x01\0\0\0"),
        ("a document with a script", "application/pdf", PDF),
        ("a document as a picture", "image/png", PDF),
        ("an archive", "application/zip", _zip()),
        ("an archive that unpacks to a lot", "application/zip", _zip(50)),
        ("an archive as a picture", "image/png", _zip()),
        ("packed nothing", "application/gzip", gzip.compress(bytes(10_000_000))),
        ("a picture of 2.5 billion pixels", "image/png", _png_of(50_000, 50_000)),
        ("a picture of more than any", "image/png", _png_of(2**31 - 1, 2**31 - 1)),
        ("a picture without pixels", "image/png", _png_of(0, 0)),
        ("a photo of 4 billion pixels", "image/jpeg", _jpeg_of(65_535, 65_535)),
        ("an animation of 4 billion pixels", "image/gif", _gif_of(65_535, 65_535)),
        ("a picture that ends at once", "image/png", b"\x89PNG\r\n\x1a\n"),
        ("a photo that ends at once", "image/jpeg", JPEG),
        ("another picture than it says", "image/gif", png()),
        ("a picture as sound", "audio/mpeg", png()),
        ("a picture as text", "text/plain", png()),
        ("sound as a picture", "image/png", OGG),
        ("text as a picture", "image/png", b"hello"),
        ("a message in MIME", "message/rfc822", b"Content-Type: text/html\r\n\r\n" + PAGE),
        ("a page in a bundle", "multipart/related", b"MIME-Version: 1.0\r\n\r\n" + PAGE),
        ("a type that breaks out", 'text/html"; x="', PAGE),
        ("a type in parts", "image/png, text/html", png()),
        ("no type", "", PAGE),
        ("Flash", "application/x-shockwave-flash", b"CWS\x0a" + bytes(50)),
        ("a stylesheet of XML", "text/xsl", b"<?xml version='1.0'?><xsl:stylesheet/>"),
        ("a calendar", "text/calendar", b"BEGIN:VCALENDAR"),
        ("a shortcut", "application/x-mswinurl", b"[InternetShortcut]\r\nURL=javascript:alert(1)"),
    ]
    return files


# Names that would leave their folder, their line or their header, or seem to be something else.
NAMES = [
    "../../../etc/cron.d/x",
    "..\\..\\autoexec.bat",
    "a\r\nSet-Cookie: session=evil",
    'a"; filename="b.html',
    "gpj\u202etxt.exe",
    "a\0.png",
    "\x1b[2Ja",
    ".",
    "..",
    "/",
    "\u200b\u200b",
    "x" * 2000 + ".png",
    "%2e%2e%2fa",
    "a;b=c",
    "<img src=x onerror=alert(1)>.png",
]
