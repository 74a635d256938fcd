#!/usr/bin/env python3
"""A folder of mixed files ingested twice: what the second run costs, and whether memory stays flat in the first.

    python3 tests/parsing/thousand.py --data ../shared/data --footnote target/release/footnote [--files 1000] [--svg FILE]

The files of `ingest/` in their own formats, Markdown of the handbooks, and passages of CMRC 2018 and XQuAD as
text (UTF-8 and GB 18030), HTML, CSV and JSON lines; in an order of their own (by the hash of their names), so that
formats are mixed. The environment (`FOOTNOTE__…`) decides about models and folders; the data folder is a new one.

Memory is the resident set of the service and of its children (VmRSS), read twice a second. `flat` is the
median of the last third of the first run over that of the second third.
"""
import argparse
import hashlib
import json
import os
import shutil
import statistics
import subprocess
import tempfile
import threading
import time
from pathlib import Path


def passages(data):
    for name in ("cmrc2018", "xquad-en"):
        with (data / "retrieval" / name / "corpus.jsonl").open(encoding="utf-8") as lines:
            for line in lines:
                passage = json.loads(line)
                yield f"{name}-{passage['_id']}", passage.get("title") or name, passage["text"]


def written(number, title, text):
    """One passage as a file: its suffix and bytes."""
    if number % 5 == 0:
        return ".txt", text.encode()
    if number % 5 == 1:
        return ".txt", text.encode("gb18030")
    if number % 5 == 2:
        return ".html", f"<!doctype html><meta charset=utf-8><title>{title}</title><h1>{title}</h1><p>{text}".encode()
    if number % 5 == 3:
        rows = "".join(f'{n},"{part}"\n' for n, part in enumerate(text.replace('"', '""').split("，")))
        return ".csv", f"number,text\n{rows}".encode()
    return ".jsonl", "".join(json.dumps({"title": title, "text": t}) + "\n" for t in text.split("。") if t).encode()


def gather(data, folder, count):
    found = [p for part in ("docling", "markitdown", "pypdf") for p in (data / "ingest" / part).rglob("*") if p.is_file()]
    found += (data / "ingest/18f-handbook").rglob("*.md")
    found += (data / "qa/gitlab-handbook-qa/docs").rglob("*.md")
    # References and notes beside the files are texts, too, but not what people upload twice.
    found = [p for p in found if "groundtruth" not in p.parts and p.name != "README.md"]
    files = {str(p.relative_to(data)).replace("/", "__"): p.read_bytes() for p in found[:count]}
    for number, (name, title, text) in enumerate(passages(data)):
        if len(files) >= count:
            break
        suffix, content = written(number, title, text)
        files[f"{name}{suffix}"] = content
    for name, content in files.items():
        (folder / f"{hashlib.sha256(name.encode()).hexdigest()[:8]}-{name}").write_bytes(content)
    return len(files)


def resident(pid):
    """MiB of a process and of its children; of a child that is only forked, and shares all of its parent's, nothing."""
    total, waiting = 0, [pid]
    own = Path(f"/proc/{pid}/cmdline").read_bytes() if Path(f"/proc/{pid}").exists() else b""
    while waiting:
        at = waiting.pop()
        try:
            status = Path(f"/proc/{at}/status").read_text()
            if at != pid and Path(f"/proc/{at}/cmdline").read_bytes() == own:
                continue
            tasks = os.listdir(f"/proc/{at}/task")
            for task in tasks:
                waiting += [int(child) for child in Path(f"/proc/{at}/task/{task}/children").read_text().split()]
        except OSError:
            continue
        total += next((int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS")), 0)
    return total / 1024


def ingest(args, folder, environment):
    """Seconds, outcomes, memory over time."""
    command = [args.footnote, "--format", "json", "ingest", str(folder), "--kb", "thousand"]
    began, samples = time.monotonic(), []
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        process = subprocess.Popen(command, stdout=out, stderr=err, env=environment)

        def watch():
            while process.poll() is None:
                samples.append((time.monotonic() - began, resident(process.pid)))
                time.sleep(0.5)

        watcher = threading.Thread(target=watch)
        watcher.start()
        process.wait()
        watcher.join()
        out.seek(0)
        err.seek(0)
        text = out.read()
        if not text.strip():
            raise SystemExit(f"{' '.join(command)}: {err.read().decode()[-2000:]}")
        return time.monotonic() - began, json.loads(text), samples


def plot(path, samples):
    width, height, left, bottom = 800, 300, 60, 40
    last, most = samples[-1][0], max(m for _, m in samples) * 1.1
    points = " ".join(
        f"{left + (width - left) * t / last:.1f},{(height - bottom) * (1 - m / most):.1f}" for t, m in samples
    )
    marks = "".join(
        f'<text x="{left - 6}" y="{(height - bottom) * (1 - f) + 10:.0f}" text-anchor="end">{most * f:.0f}</text>'
        f'<text x="{left + (width - left) * f:.0f}" y="{height - 20}" text-anchor="end">{last * f:.0f}</text>'
        for f in (0.25, 0.5, 0.75, 1)
    )
    path.write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="12">'
        f'<rect width="{width}" height="{height}" fill="#fff"/>'
        f'<path d="M{left},0V{height - bottom}H{width}" fill="none" stroke="#888"/>{marks}'
        f'<text x="{width}" y="{height - 4}" text-anchor="end">seconds; upwards: MiB, service and parsers</text>'
        f'<polyline points="{points}" fill="none" stroke="#06c"/></svg>\n'
    )


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--data", type=Path, required=True)
    arguments.add_argument("--footnote", required=True)
    arguments.add_argument("--files", type=int, default=1000)
    arguments.add_argument("--svg", type=Path)
    arguments.add_argument("--keep", type=Path, help="where both outcomes are written as JSON")
    args = arguments.parse_args()
    scratch = Path(tempfile.mkdtemp(prefix="footnote-thousand-"))
    try:
        folder = scratch / "files"
        folder.mkdir()
        count = gather(args.data, folder, args.files)
        environment = {**os.environ, "FOOTNOTE__DATA__FOLDER": str(scratch / "data")}
        first, outcomes, samples = ingest(args, folder, environment)
        second, again, _ = ingest(args, folder, environment)
        if args.keep:
            args.keep.mkdir(parents=True, exist_ok=True)
            for name, found in (("first", outcomes), ("second", again)):
                (args.keep / f"{name}.json").write_text(json.dumps(found, indent=1, ensure_ascii=False))
        if args.svg:
            plot(args.svg, samples)
        third = first / 3
        thirds = [[m for t, m in samples if third * n <= t < third * (n + 1)] for n in range(3)]
        states = {}
        for outcome in outcomes:
            states[outcome["state"]] = states.get(outcome["state"], 0) + 1
        embedded = [sum(o["embedded"] for o in run) for run in (outcomes, again)]
        print(
            json.dumps(
                {
                    "files": count,
                    "states": states,
                    "chunks": sum(o["chunks"] for o in outcomes),
                    "embedded": {"first": embedded[0], "second": embedded[1]},
                    "seconds": {"first": round(first, 1), "second": round(second, 1), "ratio": round(second / first, 3)},
                    "resident_mib": {
                        "median_by_third": [round(statistics.median(t)) for t in thirds if t],
                        "peak": round(max(m for _, m in samples)),
                    },
                    "flat": round(statistics.median(thirds[2]) / statistics.median(thirds[1]), 2),
                },
                indent=1,
            )
        )
    finally:
        shutil.rmtree(scratch)


if __name__ == "__main__":
    main()
