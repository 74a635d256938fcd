"""Makes seeds for the fuzz targets from real files: `python3 fuzz/seeds.py FILES CORPUS`.

CORPUS/parse has a format's byte before each small file, CORPUS/package the parts of containers one behind the other
(compound files need `pip install olefile`), CORPUS/sniff beginnings, CORPUS/wire a request and an answer,
CORPUS/picture pictures and CORPUS/trailer PDFs; CORPUS/pdf and CORPUS/scan begin empty.
The formats' bytes are their places in FORMATS of ingest/src/parse/fuzzing.rs.
"""

import io
import json
import pathlib
import re
import struct
import sys
import zipfile

import made

LONGEST = 60_000
PART = b"\xffFNPART "
ALIKE = {"xlsm": "xlsx", "xlsb": "xlsx", "htm": "html"}
READ_PICTURES = ("png", "jpg", "jpeg", "gif", "bmp", "webp", "tif", "tiff")
PICTURES = (".png", ".jpg", ".jpeg", ".gif", ".emf", ".wmf", ".bmp", ".ttf", ".otf")


# Of formats that have no real file among them.
WRITTEN = {
    "eml": b"From: Ann <ann@x.org>\r\nTo: b@x.org\r\nSubject: =?utf-8?B?5bm05YGH?=\r\nMIME-Version: 1.0\r\n"
    b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/html; charset=gb2312\r\n\r\n<p>Ten\r\n"
    b"--b\r\nContent-Type: text/plain; name=a.txt\r\nContent-Transfer-Encoding: base64\r\n\r\nVGVu\r\n--b--\r\n",
    "rtf": rb"{\rtf1\ansi\ansicpg1252{\fonttbl{\f0\fcharset134 x;}}{\stylesheet{\s1\outlinelevel0 heading 1;}}"
    rb"{\info{\title T}}\pard\s1 Leave\par\u24180?\'c4\'ea\trowd\cellx10\intbl a\cell b\cell\row{\*\x no}"
    rb"{\footnote n}{\listtext 1.}i\par}",
    "rst": b"=====\nTitle\n=====\n\nText *em* ``co`` `a <b>`_ [1]_ |x|\n\n.. |x| replace:: y\n.. [1] note\n\n- a\n\n  1. b\n\n"
    b"+---+---+\n| a | b |\n+===+===+\n| c     |\n+---+---+\n\n== ==\na  b\n== ==\n\n.. code:: py\n\n   x\n\n.. list-table::\n\n"
    b"   * - a\n     - b\n\n::\n\n  lit\n\n:f: v\n",
    "py": b"import x\n\nclass A:\n    def f(self):\n        return 1\n\ndef g(): pass\n",
    "rs": b"//! x\nmod a { impl B { fn f() {} } }\n#[t] pub struct C;\n",
    "ts": b"export class A { f(): void {} }\ninterface B {}\n",
    "java": b"package a; class A { void f() {} }\n",
    "go": b"package a\nfunc F() {}\ntype T struct{}\n",
    "cpp": b"namespace a { class B { void f(); }; }\nint main() {}\n",
    "sh": b"f() { echo x; }\nf\n",
    "tar": b"a.txt".ljust(100, b"\0") + b"0000644\0" + b"0000000\0" * 2 + b"00000000003\0" + b"00000000000\0" + b"005717\0 0"
    + b"\0" * 100 + b"ustar\x0000" + b"\0" * 247 + b"Ten".ljust(512, b"\0") + b"\0" * 1024,
    "json": b'[{"a": 1, "b": [true, null, "x"]}, {"a": 2e9}]',
    "xml": b'<?xml version="1.0"?><feed><title>T</title><entry a="b">x<![CDATA[y]]>&amp;</entry></feed>',
}


def formats():
    source = pathlib.Path(__file__).parent.parent / "ingest/src/parse/fuzzing.rs"
    names = re.findall(r'\(ContentType::\w+, "a\.([\w.]+)"\)', source.read_text())
    return {name: bytes([place]) for place, name in enumerate(names)}


def parts(content):
    """Names and contents of what lies in a container."""
    if content.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for entry in archive.infolist():
                yield entry.filename, archive.read(entry)
    elif content.startswith(b"\xd0\xcf\x11\xe0"):
        import olefile

        with olefile.OleFileIO(io.BytesIO(content)) as compound:
            for path in compound.listdir():
                yield "/" + "/".join(path), compound.openstream(path).read()


def flattened(content):
    flat = b""
    for name, part in parts(content):
        if len(part) <= LONGEST * 4 and not name.lower().endswith(PICTURES):
            flat += PART + name.encode() + b"\n" + part
    return flat


def frame(message):
    encoded = json.dumps(message).encode()
    return struct.pack("<I", len(encoded)) + encoded


def wire():
    document = {"content_type": "text", "title": None, "text": "", "pages": [], "blocks": [], "lines": [],
                "warnings": [], "engine": "x"}
    block = {"kind": "paragraph", "level": 0, "span": {"start": 0, "end": 3}, "heading_path": []}
    messages = [{"confined": {"files": True, "calls": True}}, {"pages": {"done": 1, "of": 2}},
                {"member_start": {"name": "a.md"}}, "member_end", {"text": "one"}, {"blocks": [block]}]
    member = struct.pack("<I", 4) + b"\0abc"
    answer = b"".join(frame(m) for m in messages[:3]) + member + b"".join(frame(m) for m in messages[3:])
    yield "answer", b"\0" + answer + frame({"parsed": document})
    yield "failed", b"\0" + frame({"failed": {"kind": "corrupt", "message": "x"}})
    yield "request", b"\x80" + frame({"path": "/x", "file_name": "a.pdf", "limits": {}, "engines": {}})


def main(files, corpus):
    choice = formats()
    for folder in ("parse", "package", "sniff", "wire", "pdf", "scan", "picture", "trailer"):
        (corpus / folder).mkdir(parents=True, exist_ok=True)
    for name, content in wire():
        (corpus / "wire" / name).write_bytes(content)
    for name, content in made.pictures():
        (corpus / "picture" / name).write_bytes(content)
    (corpus / "trailer" / "encrypted.pdf").write_bytes(made.encrypted())
    workbook = made.xlsb()
    (corpus / "parse" / "written.xlsb").write_bytes(choice["xlsx"] + workbook)
    (corpus / "package" / "written.xlsb").write_bytes(choice["xlsx"] + flattened(workbook))
    for name, content in WRITTEN.items():
        (corpus / "parse" / f"written.{name}").write_bytes(choice[name] + content)
        (corpus / "sniff" / f"written.{name}").write_bytes(choice[name] + content)
    for path in sorted(files.rglob("*")):
        extension = path.suffix.lower().lstrip(".")
        if not path.is_file():
            continue
        for folder, extensions in (("picture", READ_PICTURES), ("trailer", ("pdf",))):
            if extension in extensions and path.stat().st_size <= LONGEST:
                (corpus / folder / path.name).write_bytes(path.read_bytes())
        byte = choice.get(ALIKE.get(extension, extension))
        if byte is None:
            continue
        content = path.read_bytes()
        if len(content) <= LONGEST:
            (corpus / "parse" / path.name).write_bytes(byte + content)
            (corpus / "sniff" / path.name).write_bytes(byte + content[:4096])
        try:
            flat = flattened(content)
        except (zipfile.BadZipFile, OSError, ImportError) as error:
            print(f"{path.name}: {error}", file=sys.stderr)
            continue
        if flat:
            (corpus / "package" / path.name).write_bytes(byte + flat)


main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))
