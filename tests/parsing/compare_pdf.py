#!/usr/bin/env python3
"""Compares three readers of PDFs on the same files in one run: `footnote parse`, pdftotext and PyMuPDF.

    python3 compare_pdf.py --footnote target/release/footnote FOLDER… > table.md

needs `pdftotext` (Debian: poppler-utils) and PyMuPDF (`pip install pymupdf`); readers that are missing are left
out. `--parse-dir BINARY --pdfium LIBRARY` takes ingest's example `parse_dir` in place of `footnote`.

Words are taken as `footnote eval parsing` takes them (api/src/cli/eval/parsing/scores.rs). Where docling's
reference lies beside a file (`../groundtruth/NAME.md`), recall is of its words; elsewhere of the words that at
least two of the three readers agree on (each word as often as the second best reader has it). Two figures are
told: `raw` is that, and `fair` counts alike what readers may do on purpose, by rules that look at no reader's
output but pdftotext's, and hold for all of them:

- a hyphen between letters, a line's end behind it or not, joins them: `non-`, `accrual` is one word for each;
- a running line counts once. It stands, numbers made alike, on 40% of the pages of pdftotext's text, 4 at least, has
  three words or is one of the first or last three lines of these pages; the words of its repetitions are taken out of
  the words agreed on, and so are numbers alone on their line that count the pages, and `o`, `x` and `þ` as words, the
  codes of bullets and boxes in fonts of signs. A reader that has them gains nothing and loses nothing;
- a file counts for none where a fifth of pdftotext's words are single letters: a text layer that sets letters apart
  (`A m e r i c a n`), where two readers agree on what is no word.

Processor time is that of the child process, but PyMuPDF's without the start of Python: the least of `--runs` runs. Where
files have a page or two, starting the process is most of it, which a service does not pay as a command line does: the
second figure is without what a reader takes for a file of one word (the least of as many runs, five at least).
"""

import argparse
import collections
import json
import math
import os
import pathlib
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import unicodedata

PYMUPDF = """
import sys, time
import pymupdf
start = time.process_time()
document = pymupdf.open(sys.argv[1])
if document.needs_pass and not document.authenticate(""):
    sys.exit(3)
text = "\\f".join(page.get_text() for page in document)
sys.stderr.write(f"spent {time.process_time() - start}")
sys.stdout.buffer.write(text.encode("utf-8", "ignore"))
"""


def without_markup(text):
    text = re.sub(r"<!--.*?-->", "", text, flags=re.S)
    lines = ("" if re.match(r"\s*(```|~~~)", line) else line for line in text.split("\n"))
    text = "\n".join(lines).replace("![Image]", "")
    text = re.sub(r"\]\([^)\s]*\)", " ", text)
    for entity, plain in (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&amp;", "&")):
        text = text.replace(entity, plain)
    return text


def is_mark(c):
    o = ord(c)
    marks = ((0x300, 0x36F), (0x591, 0x5BD), (0x610, 0x61A), (0x64B, 0x65F), (0x200B, 0x200F))
    return o in (0xAD, 0x2060, 0xFEFF) or any(low <= o <= high for low, high in marks)


def stands_alone(c):
    o = ord(c)
    ranges = ((0x3040, 0x30FF), (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x2EBEF))
    return any(low <= o <= high for low, high in ranges)


def words(text):
    found, word = [], ""
    for c in unicodedata.normalize("NFKC", without_markup(text)).lower():
        if c.isalnum() and not stands_alone(c):
            word += c
        elif not is_mark(c):
            if word:
                found.append(word)
                word = ""
            if stands_alone(c):
                found.append(c)
    return collections.Counter(found + [word] if word else found)


LETTER = r"[^\W\d_]"
DIVIDED = re.compile(rf"(?<={LETTER})[-\u2010\u00ad](?:\s*\n\s*)?(?={LETTER})")
MOST_LACKING = 20
MOST_SINGLE = 0.2
# Codes of a bullet, a ticked and an empty box in the fonts Wingdings and ZapfDingbats, where they stand alone.
SIGNS = collections.Counter({"o": 10**9, "x": 10**9, "\u00fe": 10**9})
EDGE_LINES, RUNNING_WORDS, RUNNING_SHARE, RUNNING_PAGES = 3, 3, 0.4, 4


def joined(text):
    """The text without hyphens within words."""
    return DIVIDED.sub("", text)


def sets_letters_apart(text):
    """Whether many of its words are single letters."""
    counts = words(text)
    single = sum(times for word, times in counts.items() if len(word) == 1 and word.isascii() and word.isalpha())
    return single >= MOST_SINGLE * counts.total() > 0


def page_numbers(pages):
    """The words of lines that are the number of their page, but those of the first. Such a number stands alone, and
    ahead of the page's place in the file by as much as on `RUNNING_SHARE` of the pages."""
    alone = [[int(line) for line in map(str.strip, page) if re.fullmatch(r"\d{1,4}", line)] for page in pages]
    ahead = collections.Counter(offset for at, numbers in enumerate(alone) for offset in {n - at for n in numbers})
    least = max(RUNNING_PAGES, math.ceil(RUNNING_SHARE * len(pages)))
    counted = {offset for offset, times in ahead.items() if times >= least}
    found = [number for at, numbers in enumerate(alone) for number in set(numbers) if number - at in counted]
    return collections.Counter(map(str, found[1:]))


def repetitions(text):
    """The words of running lines, but those of the first of each, in a text whose pages end with a form feed."""
    pages = [[line for line in page.split("\n") if line.strip()] for page in text.split("\f")]
    if pages and not pages[-1]:
        pages.pop()
    numbers = page_numbers(pages)
    alike = lambda line: re.sub(r"\d+", "#", " ".join(line.lower().split()))
    is_edge = lambda page, at: at < EDGE_LINES or at >= len(page) - EDGE_LINES
    is_long = lambda line: words(line).total() >= RUNNING_WORDS
    may_run = [[line for at, line in enumerate(page) if is_edge(page, at) or is_long(line)] for page in pages]
    standing = collections.Counter(line for page in may_run for line in set(map(alike, page)))
    least = max(RUNNING_PAGES, math.ceil(RUNNING_SHARE * len(pages)))
    seen, repeated = set(), collections.Counter()
    for line in (line for page in pages for line in page if standing[alike(line)] >= least):
        if alike(line) in seen:
            repeated += words(joined(line))
        seen.add(alike(line))
    return (repeated | numbers) + SIGNS


class Reader:
    def __init__(self, name, command, text_of):
        self.name, self.command, self.text_of = name, command, text_of

    def read(self, path, runs):
        """Text (None where it failed) and the least processor time of the runs."""
        text, least = None, float("inf")
        for _ in range(runs):
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            try:
                done = subprocess.run(self.command(path), capture_output=True, timeout=120)
            except subprocess.TimeoutExpired:
                return None, 120.0
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
            told = re.search(rb"^spent ([0-9.]+)$", done.stderr.splitlines()[-1]) if done.stderr else None
            least = min(least, float(told.group(1)) if told else spent)
            text = self.text_of(done.stdout) if done.returncode == 0 else None
        return text, least


def of_one_word(path):
    """Writes a PDF of one page with one word."""
    content = b"BT /F1 12 Tf 72 720 Td (word) Tj ET"
    objects = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    )
    out, offsets = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    size = len(objects) + 1
    out += b"xref\n0 %d\n0000000000 65535 f \n%strailer\n<< /Size %d /Root 1 0 R >>\n" % (size, table, size)
    path.write_bytes(out + b"startxref\n%d\n%%%%EOF\n" % out.index(b"xref\n"))


def readers(options):
    found = []
    plain = lambda out: out.decode("utf-8", "replace")
    if options.parse_dir:
        def of_example(path):
            text = pathlib.Path(options.scratch) / (pathlib.Path(path).name + ".txt")
            text.unlink(missing_ok=True)
            options.last = text
            return [options.parse_dir, "--pdfium", options.pdfium, "--text", options.scratch, path]
        read = lambda out: options.last.read_text() if options.last.exists() else None
        found.append(Reader("footnote", of_example, read))
    elif options.footnote:
        command = lambda path: [options.footnote, "--format", "json", "parse", path]
        found.append(Reader("footnote", command, lambda out: json.loads(out)["text"]))
    if shutil.which("pdftotext"):
        found.append(Reader("pdftotext", lambda path: ["pdftotext", path, "-"], plain))
    if subprocess.run([sys.executable, "-c", "import pymupdf"], capture_output=True).returncode == 0:
        found.append(Reader("PyMuPDF", lambda path: [sys.executable, "-c", PYMUPDF, path], plain))
    return found


def docling_reference(path):
    """The text that docling has for a file, if it has any."""
    truth = path.parent.parent / "groundtruth"
    for name in (path.name, path.stem):
        if (truth / f"{name}.md").is_file():
            return (truth / f"{name}.md").read_text()
    return None


def agreed(counts):
    """Each word as often as the second best reader has it."""
    common = collections.Counter()
    for word in set().union(*counts):
        second = sorted((count[word] for count in counts), reverse=True)[1:2]
        common[word] = second[0] if second else 0
    return +common


class Score:
    """What the readers have of a file's words."""

    def __init__(self, texts, docling, running):
        counts = [words(text) for text in texts]
        reference = agreed(counts) - running if docling is None else words(docling)
        self.size = sum(reference.values())
        self.shared = [sum((count & reference).values()) for count in counts]
        self.lacking = [reference - count for count in counts]

    def shares(self):
        return [shared / self.size if self.size else 1.0 for shared in self.shared]


def scores(names, texts, path):
    """The raw score and the fair one."""
    docling = docling_reference(path)
    raw = Score(texts, docling, collections.Counter())
    of_pdftotext = dict(zip(names, texts)).get("pdftotext", "")
    is_told = docling is not None or not sets_letters_apart(of_pdftotext)
    fair_texts = [joined(text) if is_told else "" for text in texts]
    fair = Score(fair_texts, docling and joined(docling), repetitions(of_pdftotext))
    return raw, fair, docling is not None


def pages_of(path):
    told = subprocess.run(["pdfinfo", path], capture_output=True, text=True, errors="replace").stdout
    pages = re.search(r"^Pages:\s+(\d+)", told, re.M)
    return int(pages.group(1)) if pages else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folders", nargs="+", type=pathlib.Path)
    parser.add_argument("--footnote", help="the binary")
    parser.add_argument("--parse-dir", help="the example binary")
    parser.add_argument("--pdfium", default="")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--files", action="store_true", help="also a row for each file that lacks words, and which")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as options.scratch:
        compare(options)


def compare(options):
    all_readers = readers(options)
    names = [reader.name for reader in all_readers]
    word = pathlib.Path(options.scratch) / "word.pdf"
    of_one_word(word)
    starts = {reader.name: reader.read(str(word), max(5, options.runs))[1] for reader in all_readers}
    told = " | ".join(f"{name}: files, raw, fair, pages/CPU-s, without start" for name in names)
    print(f"| set | files | pages | words: raw, fair | {told} |")
    print("| --- " * (4 + len(names)) + "|")
    lacking = []
    for folder in options.folders:
        files = [path for path in sorted(folder.rglob("*.pdf")) if path.is_file()]
        total, pages = [0, 0], 0
        read = {name: {"files": 0, "shared": [0, 0], "spent": 0.0, "pages": 0} for name in names}
        for path in files:
            results = [reader.read(str(path), options.runs) for reader in all_readers]
            of_file = pages_of(str(path))
            pages += of_file
            *both, by_docling = scores(names, [text or "" for text, _ in results], path)
            for at, score in enumerate(both):
                total[at] += score.size
                for name, shared in zip(names, score.shared):
                    read[name]["shared"][at] += shared
            for name, (text, spent) in zip(names, results):
                if text is not None:
                    read[name]["files"] += 1
                    read[name]["spent"] += spent
                    read[name]["pages"] += of_file
            fair = both[1]
            if fair.shares() and fair.shares()[0] < max(fair.shares()):
                lacking.append((path, by_docling, *both))
        cells = []
        for name, tally in read.items():
            raw, fair = (shared / size if size else 1 for shared, size in zip(tally["shared"], total))
            reading = tally["spent"] - tally["files"] * starts[name]
            speeds = ", ".join(f"{tally['pages'] / spent:.0f}" if spent > 0 else "–" for spent in (tally["spent"], reading))
            cells.append(f"{tally['files']}, {raw:.4f}, {fair:.4f}, {speeds}")
        print(f"| {folder} | {len(files)} | {pages} | {total[0]}, {total[1]} | {' | '.join(cells)} |", flush=True)
    print("\nStart, ms: " + ", ".join(f"{name} {1000 * spent:.1f}" for name, spent in starts.items()))
    if options.files:
        tell_lacking(names, lacking)


def tell_lacking(names, lacking):
    """The files of which another reader has more than the first, and the words that this one lacks."""
    print("\n| file | words | reference | " + " | ".join(f"{name}: raw, fair" for name in names) + " | lacks |")
    print("| --- " * (4 + len(names)) + "|")
    for path, by_docling, raw, fair in lacking:
        reference = "docling" if by_docling else "agreed"
        shares = " | ".join(f"{one:.3f}, {other:.3f}" for one, other in zip(raw.shares(), fair.shares()))
        most = ", ".join(f"{word} {times}" for word, times in fair.lacking[0].most_common(MOST_LACKING))
        count = sum(fair.lacking[0].values())
        print(f"| {path.name} | {fair.size} | {reference} | {shares} | {count}: {most} |")


if __name__ == "__main__":
    main()
