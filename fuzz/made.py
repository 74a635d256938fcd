"""Small files of which there is no real one, made byte by byte: a binary workbook, pictures, an encrypted PDF."""

import io
import struct
import zipfile
import zlib


def xlsb():
    """A binary workbook with a cell of each kind, formats, a merge and a comment: the records of [MS-XLSB]."""

    def number(value):
        return bytes([value]) if value < 0x80 else bytes([value & 0x7F | 0x80]) + number(value >> 7)

    def record(kind, data=b""):
        return number(kind) + number(len(data)) + data

    def string(text):
        return struct.pack("<I", len(text)) + text.encode("utf-16-le")

    def cell(kind, column, style, value):
        return record(kind, struct.pack("<II", column, style) + value)

    def row(number):
        return record(0, struct.pack("<I", number) + bytes(13))

    def relationships(*relations):
        office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
        each = "".join(f'<Relationship Id="{i}" Type="{office}/{k}" Target="{t}"/>' for i, k, t in relations)
        return f"<Relationships>{each}</Relationships>".encode()

    listed = struct.pack("<II", 0, 1) + string("r1") + string("Pay")
    xfs = [record(47, bytes([0, 0, form, 0, 0, 0, 0, 0])) for form in (0, 14, 164)]
    cells = [row(0), cell(7, 0, 0, struct.pack("<I", 0)), cell(6, 1, 0, string("年")), cell(4, 2, 0, b"\x01"),
             cell(3, 3, 0, b"\x2a"), row(1), cell(2, 0, 1, struct.pack("<i", 45_292 << 2 | 2)),
             cell(5, 1, 2, struct.pack("<d", 0.256)), cell(1, 2, 0, b"")]
    place = struct.pack("<5I", 0, 1, 1, 1, 1) + bytes(16)
    comments = [record(628), record(630), record(632, string("Ann")), record(631), record(633), record(635, place),
                record(637, b"\0" + string("why?")), record(636), record(634), record(629)]
    styles = [record(615, struct.pack("<I", 1)), record(44, b"\xa4\0" + string('"EUR" #,##0.00')), record(616),
              record(617, struct.pack("<I", 3)), *xfs, record(618)]
    strings = [record(159, struct.pack("<II", 1, 1)), record(19, b"\0" + string("Since")), record(160)]
    sheet = [record(129), record(148, struct.pack("<4I", 0, 1, 0, 3)), record(145), *cells, record(146),
             record(176, struct.pack("<4I", 0, 0, 2, 3)), record(130)]
    of_book = [("r1", "worksheet", "worksheets/sheet1.bin"), ("r2", "sharedStrings", "sharedStrings.bin"),
               ("r3", "styles", "styles.bin")]
    parts = {
        "_rels/.rels": relationships(("b", "officeDocument", "xl/workbook.bin")),
        "xl/workbook.bin": record(131) + record(143) + record(156, listed) + record(144) + record(132),
        "xl/_rels/workbook.bin.rels": relationships(*of_book),
        "xl/sharedStrings.bin": b"".join(strings),
        "xl/styles.bin": b"".join(styles),
        "xl/worksheets/sheet1.bin": b"".join(sheet),
        "xl/worksheets/_rels/sheet1.bin.rels": relationships(("c", "comments", "../comments1.bin")),
        "xl/comments1.bin": b"".join(comments),
    }
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return packed.getvalue()


def tiff(order, pages):
    """One of grey pages of one pixel, of which some lie on their side."""
    head = b"II*\0" if order == "<" else b"MM\0*"
    content, pixel = head + struct.pack(order + "I", 8), 8 + pages * (2 + 10 * 12 + 4)
    for page in range(pages):
        tags = {256: 1, 257: 1, 258: 8, 259: 1, 262: 1, 273: pixel, 274: 1 + page * 5, 277: 1, 278: 1, 279: 1}
        entries = b"".join(struct.pack(order + "HHII", tag, 4, 1, value) for tag, value in tags.items())
        following = len(content) + 2 + len(entries) + 4 if page + 1 < pages else 0
        content += struct.pack(order + "H", len(tags)) + entries + struct.pack(order + "I", following)
    return content + b"\x80"


def png():
    """Two pixels, one of which can be seen through."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    pixels = zlib.compress(b"\0" + bytes([9, 9, 9, 255]) + bytes([200, 0, 0, 90]))
    size = struct.pack(">IIBBBBB", 2, 1, 8, 6, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", size) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def pictures():
    yield "two.tiff", tiff("<", 2)
    yield "three.tiff", tiff(">", 3)
    yield "transparent.png", png()
    yield "one.gif", b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff,\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0;"


def encrypted():
    """A PDF whose trailer holds what it is encrypted with, instead of naming an object."""
    objects = [b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Count 1/Kids[3 0 R]>>",
               b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>"]
    content, table = b"%PDF-1.4\n", b"0000000000 65535 f \n"
    for number, value in enumerate(objects, 1):
        table += b"%010d 00000 n \n" % len(content)
        content += b"%d 0 obj%sendobj\n" % (number, value)
    encryption = b"<</Filter/Standard/V 2/R 3/Length 128/P -4/O<%s>/U<%s>>>" % (b"30" * 32, b"31" * 32)
    trailer = b"<</Size 4/Root 1 0 R/ID[<30><30>]/Encrypt%s>>" % encryption
    end = b"\nstartxref\n%d\n%%%%EOF\n" % len(content)
    return content + b"xref\n0 4\n" + table + b"trailer" + trailer + end
