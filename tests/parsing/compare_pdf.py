#!/usr/bin/env python3
"""Compares three readers of PDFs on the same files in one run: `footnote parse`, pdftotext and PyMuPDF.

    python3 compare_pdf.py --footnote target/release/footnote FOLDER… > table.md

needs `pdftotext` (Debian: poppler-utils) and PyMuPDF (`pip install pymupdf`); readers that are missing are left
out. `--parse-dir BINARY --pdfium LIBRARY` takes ingest's example `parse_dir` in place of `footnote`.

Words are taken as `footnote eval parsing` takes them (api/src/cli/eval/parsing/scores.rs). Where docling's
reference lies beside a file (`../groundtruth/NAME.md`), recall is of its words; elsewhere of the words that at
least two of the three readers agree on (each word as often as the second best reader has it). Processor time is
that of the child process, start included, but PyMuPDF's without the start of Python: the least of `--runs` runs.
"""

import argparse
import collections
import json
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


def reference_of(path, counts):
    """The bag of words that should be read, and whether docling wrote it."""
    truth = path.parent.parent / "groundtruth"
    for name in (path.name, path.stem):
        if (truth / f"{name}.md").is_file():
            return words((truth / f"{name}.md").read_text()), True
    agreed = collections.Counter()
    for word in set().union(*counts):
        second = sorted((count[word] for count in counts), reverse=True)[1:2]
        agreed[word] = second[0] if second else 0
    return +agreed, False


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
    parser.add_argument("--files", action="store_true", help="also a row for each file that lacks words")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as options.scratch:
        compare(options)


def compare(options):
    all_readers = readers(options)
    names = [reader.name for reader in all_readers]
    print("| set | files | pages | words | " + " | ".join(f"{n}: files, words, pages/CPU-s" for n in names) + " |")
    print("| --- " * (4 + len(names)) + "|")
    lacking = []
    for folder in options.folders:
        files = [path for path in sorted(folder.rglob("*.pdf")) if path.is_file()]
        total, pages = 0, 0
        read = {name: [0, 0, 0.0, 0] for name in names}
        for path in files:
            results = [reader.read(str(path), options.runs) for reader in all_readers]
            counts = [words(text or "") for text, _ in results]
            reference, by_docling = reference_of(path, counts)
            size, of_file = sum(reference.values()), pages_of(str(path))
            total, pages = total + size, pages + of_file
            shares = []
            for name, (text, spent), count in zip(names, results, counts):
                shared = sum((count & reference).values())
                shares.append(shared / size if size else 1.0)
                tally = read[name]
                tally[0] += text is not None
                tally[1] += shared
                if text is not None:
                    tally[2] += spent
                    tally[3] += of_file
            if shares and shares[0] < max(shares) - 0.005:
                lacking.append((path, size, by_docling, shares))
        cells = [
            f"{ok}, {shared / total if total else 1:.4f}, {of_read / spent if spent else 0:.0f}"
            for ok, shared, spent, of_read in read.values()
        ]
        print(f"| {folder} | {len(files)} | {pages} | {total} | " + " | ".join(cells) + " |", flush=True)
    if options.files:
        print("\n| file | words | reference | " + " | ".join(names) + " |")
        print("| --- " * (3 + len(names)) + "|")
        for path, size, by_docling, shares in lacking:
            told = "docling" if by_docling else "agreed"
            print(f"| {path.name} | {size} | {told} | " + " | ".join(f"{share:.3f}" for share in shares) + " |")


if __name__ == "__main__":
    main()
