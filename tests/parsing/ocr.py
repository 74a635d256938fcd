#!/usr/bin/env python3
"""How many characters does OCR get wrong? Text PDFs are rendered to PNG, read by the parser, compared.

    python3 -m venv V && V/bin/pip install pypdfium2==5.15.2 pillow reportlab rapidfuzz
    V/bin/python tests/parsing/ocr.py --data ../shared/data --parse COMMAND… [--pages N] [--dpi 150 200]

COMMAND is `footnote --format json parse` or anything else that prints a parsed document as JSON when a
file's path is appended. Every page is one file and one child process, as in service. English pages come
from the annual reports and the docling set, Chinese and mixed ones are made here from CMRC 2018 passages in
a font of Debian's fonts-wqy-zenhei. The reference is the page's text layer.

The character error rate (CER) is the edit distance between both texts by the reference's length, without
blanks, after NFKC, which leaves full-width forms of ASCII as they are: a comma of the wrong width is an
error, as it is for a reader. Digits and Latin letters of the reference are half-width, as the parser makes
them. Blocks are compared in the order that costs least: the order of columns and tables is the layout's
matter and measured elsewhere; what `in order` says includes it.
"""
import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import unicodedata
from pathlib import Path

import pypdfium2
from rapidfuzz.distance import Levenshtein

FONT = "/usr/share/fonts/truetype/wqy/wqy-zenhei.ttc"
FULL_WIDTH = re.compile("([\uff01-\uff5e]+)")
FULL_WIDTH_ALPHANUMERIC = re.compile("[\uff10-\uff19\uff21-\uff3a\uff41-\uff5a]")


def reference_of(text):
    """`plain`, with digits and Latin letters as they are to be read."""
    return plain(FULL_WIDTH_ALPHANUMERIC.sub(lambda c: chr(ord(c.group()) - 0xFEE0), text))


def plain(text):
    """Without blanks, and what looks alike made alike, but for the full-width forms of ASCII."""
    parts = FULL_WIDTH.split(text)
    text = "".join(part if at % 2 else unicodedata.normalize("NFKC", part) for at, part in enumerate(parts))
    alike = str.maketrans({"‘": "'", "’": "'", "“": '"', "”": '"', "–": "-", "—": "-", "−": "-", "•": "·"})
    return "".join(text.translate(alike).split())


def made_pdf(path, passages, latin_title):
    """A4 pages of Chinese passages; with `latin_title` an English sentence before each."""
    from reportlab.lib.pagesizes import A4
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont
    from reportlab.pdfgen import canvas

    pdfmetrics.registerFont(TTFont("song", FONT, subfontIndex=0))
    page = canvas.Canvas(str(path), pagesize=A4)
    y = 0
    for number, passage in enumerate(passages):
        size = (10, 11, 12)[number % 3]
        sentences = [latin_title[number % len(latin_title)]] if latin_title else []
        for paragraph in [*sentences, passage[:400]]:
            width, line = 0, ""
            for c in paragraph + "\n":
                step = pdfmetrics.stringWidth(c, "song", size) if c != "\n" else 1e9
                if width + step > A4[0] - 120:
                    if y < 80:
                        if y:
                            page.showPage()
                        y = A4[1] - 70
                    page.setFont("song", size)
                    page.drawString(60, y, line)
                    y -= size * 1.6
                    width, line = 0, ""
                if c != "\n":
                    width, line = width + step, line + c
            y -= size * 0.8
    page.save()


def sources(data, scratch, pages):
    """Sets of (PDF, 0-based pages)."""
    docling = data / "ingest/docling/pdf/sources"
    reports = sorted((data / "qa/enterprise-rag-challenge-mini/pdfs").glob("*.pdf"))
    corpus = data / "retrieval/cmrc2018/corpus.jsonl"
    passages = [json.loads(line)["text"] for line in corpus.open(encoding="utf-8")][: pages * 6]
    english = data / "retrieval/xquad-en/corpus.jsonl"
    sentences = [json.loads(line)["text"].split(". ")[0] + "." for line in english.open(encoding="utf-8")][:60]
    made_pdf(scratch / "zh.pdf", passages, [])
    made_pdf(scratch / "mixed.pdf", passages, sentences)
    return {
        "English reports": [(path, [12]) for path in reports[:pages]],
        "English papers, manuals": [
            (docling / name, range(4))
            for name in ("2305.03393v1-pg9.pdf", "amt_handbook_sample.pdf", "code_and_formula.pdf", "multi_page.pdf")
        ],
        "Chinese": [(scratch / "zh.pdf", range(pages))],
        "Chinese and English": [(scratch / "mixed.pdf", range(pages))],
    }


def distance_of_lines(reference, blocks):
    """Errors with blocks in any order: each block is taken out of the reference where it fits best."""
    from rapidfuzz import fuzz

    rest, errors = reference, 0
    for block in sorted(blocks, key=len, reverse=True):
        if not rest or not block:
            errors += len(block)
            continue
        fit = fuzz.partial_ratio_alignment(block, rest)
        at = rest[fit.dest_start : fit.dest_end]
        if len(block) > len(rest) or fit.score < 50:
            errors += len(block)
            continue
        errors += Levenshtein.distance(block, at)
        rest = rest[: fit.dest_start] + rest[fit.dest_end :]
    return errors + len(rest)


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--data", type=Path, required=True)
    arguments.add_argument("--pages", type=int, default=6)
    arguments.add_argument("--dpi", type=int, nargs="+", default=[150, 200])
    arguments.add_argument("--keep", type=Path, help="where pictures and texts stay")
    arguments.add_argument("--parse", nargs=argparse.REMAINDER, required=True)
    args = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        scratch = args.keep or Path(folder)
        scratch.mkdir(parents=True, exist_ok=True)
        measure(args, scratch)


def measure(args, scratch):
    print("| set | dpi | pages | characters | CER % | in order % | doubtful lines | pages per CPU-minute | peak MB |")
    print("|---|---|---|---|---|---|---|---|---|")
    for name, files in sources(args.data, scratch, args.pages).items():
        for dpi in args.dpi:
            sums = {"pages": 0, "chars": 0, "errors": 0, "ordered": 0, "doubtful": 0, "seconds": 0.0, "peak": 0}
            for path, numbers in files:
                document = pypdfium2.PdfDocument(path)
                for number in (n for n in numbers if n < len(document)):
                    one_page(args.parse, document, path, number, dpi, scratch, sums)
            percent = [100 * sums[key] / max(sums["chars"], 1) for key in ("errors", "ordered")]
            rate = 60 * sums["pages"] / max(sums["seconds"], 1e-9)
            print(
                f"| {name} | {dpi} | {sums['pages']} | {sums['chars']} | {percent[0]:.2f} | {percent[1]:.2f} "
                f"| {sums['doubtful']} | {rate:.1f} | {sums['peak'] // 1024} |",
                flush=True,
            )


def parse(command, path):
    """The parsed document, and what the command and its children spent."""
    with tempfile.TemporaryFile("w+", encoding="utf-8") as out:
        child = subprocess.Popen([*command, str(path)], stdout=out)
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        if child.returncode:
            print(f"{path.name}: exit {child.returncode}", file=sys.stderr)
            return {"text": "", "lines": []}, usage
        return json.loads(out.read()), usage


def one_page(command, document, path, number, dpi, scratch, sums):
    reference = reference_of(document[number].get_textpage().get_text_bounded())
    if len(reference) < 200:
        return
    picture = scratch / f"{path.stem[:12]}-{number + 1}-{dpi}.png"
    document[number].render(scale=dpi / 72).to_pil().convert("RGB").save(picture)
    parsed, usage = parse(command, picture)
    seconds = usage.ru_utime + usage.ru_stime
    sums["seconds"] += seconds
    sums["peak"] = max(sums["peak"], usage.ru_maxrss)
    picture.with_suffix(".txt").write_text(parsed["text"], encoding="utf-8")
    picture.with_suffix(".ref.txt").write_text(document[number].get_textpage().get_text_bounded(), encoding="utf-8")
    text = parsed["text"]
    read = plain(" ".join(line for line in text.split("\n") if not line.startswith("| ---")).replace("| ", " ").replace(" |", " "))
    lines = [text[line["start"] : line["end"]].replace("|", " ") for line in parsed.get("lines", [])]
    errors = distance_of_lines(reference, [plain(line) for line in lines])
    ordered = Levenshtein.distance(reference, read)
    sums["pages"] += 1
    sums["chars"] += len(reference)
    sums["errors"] += min(errors, ordered)
    sums["ordered"] += ordered
    sums["doubtful"] += sum(1 for line in parsed.get("lines", []) if line.get("confidence", 1) < 0.8)
    print(f"{picture.name}: {len(reference)} characters, {min(errors, ordered)} wrong, {seconds:.1f} s", file=sys.stderr)


if __name__ == "__main__":
    main()
