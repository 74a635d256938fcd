#!/usr/bin/env python3
"""Damaged files through the whole service: does it stay up, and is every one of them read or told why not?

    python3 tests/parsing/damaged.py --data ../shared/data --footnote target/release/footnote [--each 500]

Real files of each binary format, of at most 1 MB, are damaged by a seeded hand (bits, cuts, repetitions, extreme lengths)
and uploaded one by one to a service that runs meanwhile, a knowledge base for each format. When no job is left, each file
must be a document that is current or failed with a reason that names it, or must have been refused at the door by name;
the service must never have ended. Prints a table in Markdown; ends with 1 where anything is missing.

The environment (`FOOTNOTE__…`) decides about models and folders; the data folder is a new one, and no language model is
loaded unless the environment names one. To save time, pictures are made small first where Pillow is installed, archives
are packed anew without their long members, and the files of a format have one name in folders of their own: a title stands
before what is embedded, so texts that the damage spared are embedded once.
"""
import argparse
import http.client
import io
import json
import os
import random
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
import zipfile
from pathlib import Path

FORMATS = "pdf docx pptx xlsx odt ods odp epub doc xls ppt msg png jpg zip".split()
LONGEST = 1_000_000
PICTURE_HEIGHT = 160
LONGEST_MEMBER = 100_000
# What the parser's host says of a child that crashed or ran into a limit: no crash of the service, but worth knowing.
CHILD_ENDED = ("parser panicked on", "parser crashed on", "of processor time;", "of memory;", "took longer than")
FIRST_KEY = re.compile(r"shown once: (\S+)")


def damaged(content, dice):
    """As the tests of the parsers' process damage (`ingest/src/parse/worker/tests/damage.rs`), with other dice."""
    content = bytearray(content)
    for _ in range(dice.randint(1, 3)):
        if not content:
            break
        at = dice.randrange(len(content))
        end = min(len(content), at + dice.randint(1, 4096))
        match dice.randrange(5):
            case 0:
                for _ in range(dice.randint(1, 32)):
                    content[dice.randrange(len(content))] ^= 1 << dice.randrange(8)
            case 1:
                del content[at:]
            case 2:
                del content[at:end]
            case 3:
                content += content[at:end]
            case _:
                # What may be a length or an offset becomes an extreme one.
                extreme = dice.choice((0, 1, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF))
                end = min(end, at + 4)
                content[at:end] = extreme.to_bytes(4, "little")[: end - at]
    return bytes(content)


def small_picture(content):
    """A picture at most so many pixels high; as it is where Pillow is missing."""
    try:
        from PIL import Image
    except ImportError:
        return content
    with Image.open(io.BytesIO(content)) as picture:
        if picture.height <= PICTURE_HEIGHT:
            return content
        smaller = picture.resize((max(1, picture.width * PICTURE_HEIGHT // picture.height), PICTURE_HEIGHT))
        written = io.BytesIO()
        smaller.save(written, picture.format)
    return written.getvalue()


def small_archive(content):
    packed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as archive, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as smaller:
        for member in archive.infolist():
            if member.file_size <= LONGEST_MEMBER:
                smaller.writestr(member, archive.read(member))
    return packed.getvalue()


SMALL = {"png": small_picture, "jpg": small_picture, "zip": small_archive}


def real_files(data, extension):
    found = sorted(p for p in (data / "ingest").rglob("*") if p.is_file() and p.suffix.lower() == f".{extension}")
    made_small = SMALL.get(extension, bytes)
    contents = (made_small(path.read_bytes()) for path in found)
    return [content for content in contents if 0 < len(content) <= LONGEST]


class Service:
    """A service of its own in a new data folder."""

    def __init__(self, program, scratch, deadline):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.address = f"127.0.0.1:{free.getsockname()[1]}"
        environment = {"FOOTNOTE__MODELS__GENERATOR": "none", **os.environ, "FOOTNOTE__DATA__FOLDER": str(scratch / "data")}
        self.log, self.deadline, self.key = scratch / "log", deadline, None
        with self.log.open("wb") as log:
            command = [program, "serve", "--bind", self.address]
            self.process = subprocess.Popen(command, stdout=log, stderr=log, env=environment)

    def wait_until_ready(self):
        while not self.key or not self.answers():
            self.check()
            time.sleep(0.5)
            told = FIRST_KEY.search(self.said())
            self.key = told and told.group(1)

    def said(self):
        return self.log.read_text(errors="replace")

    def check(self):
        """Ends all where the service is gone or the time is up."""
        if self.process.poll() is not None:
            raise SystemExit(f"the service ended with {self.process.returncode}:\n{self.said()[-3000:]}")
        if time.monotonic() > self.deadline:
            raise SystemExit("the time is up; give more with --timeout")

    def call(self, method, path, body=None, content_type="application/json"):
        """Status and body. What the service is too busy for is asked again, and so is a connection that broke."""
        broken = 0
        while True:
            self.check()
            headers = {"Authorization": f"Bearer {self.key}", "Content-Type": content_type}
            request = urllib.request.Request(f"http://{self.address}{path}", body, headers, method=method)
            try:
                with urllib.request.urlopen(request, timeout=120) as response:
                    return response.status, response.read().decode()
            except urllib.error.HTTPError as error:
                if error.code not in (429, 503):
                    return error.code, error.read().decode(errors="replace")
                time.sleep(float(error.headers.get("Retry-After") or 1))
            except (OSError, http.client.HTTPException) as error:
                broken += 1
                if broken == 5:
                    raise SystemExit(f"{method} {path}: {error}")
                time.sleep(2)

    def answers(self):
        """Whether it runs and has all that it needs."""
        try:
            paths = [f"http://{self.address}/{path}" for path in ("livez", "readyz")]
            return all(urllib.request.urlopen(path, timeout=30).status == 200 for path in paths)
        except (OSError, http.client.HTTPException):
            return False

    def create(self, knowledge_base):
        status, said = self.call("POST", "/api/v1/knowledge-bases", json.dumps({"name": knowledge_base}).encode())
        if status != 201:
            raise SystemExit(f"cannot create {knowledge_base}: {status} {said}")

    def upload(self, knowledge_base, name, content):
        boundary = "damaged-4c1f9a7e55d14f0b"
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
        body = head.encode() + content + f"\r\n--{boundary}--\r\n".encode()
        path = f"/api/v1/knowledge-bases/{knowledge_base}/documents"
        return self.call("POST", path, body, f"multipart/form-data; boundary={boundary}")

    def listed(self, knowledge_base, what, **query):
        cursor = {}
        while True:
            asked = urllib.parse.urlencode({"limit": 200, **query, **cursor})
            status, said = self.call("GET", f"/api/v1/knowledge-bases/{knowledge_base}/{what}?{asked}")
            if status != 200:
                raise SystemExit(f"cannot list the {what} of {knowledge_base}: {status} {said}")
            page = json.loads(said)
            yield from page["items"]
            if not page["next"]:
                return
            cursor = {"cursor": page["next"]}

    def wait(self, knowledge_bases):
        """Until no job of theirs waits or runs."""
        asked = [(name, state) for name in knowledge_bases for state in ("queued", "running")]
        while left := sum(1 for name, state in asked for _ in self.listed(name, "jobs", state=state)):
            print(f"{left} jobs left", file=sys.stderr, flush=True)
            time.sleep(min(30, 1 + left / 10))

    def stop(self):
        """What the process ended with: 0 where it did so when it was asked, and in good order."""
        if self.process.poll() is None:
            self.process.terminate()
        try:
            return self.process.wait(120)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()


def is_named(key, reason):
    return Path(key).name in (reason or "")


def judge(uploads, documents):
    """What became of the files, and what is wrong with that. `uploads` has a status and an answer for each name."""
    counts, faults = dict.fromkeys(("uploaded", "read", "failed", "refused"), 0), []
    counts["uploaded"] = len(uploads)
    by_key = {document["key"]: document["newest_version"] for document in documents}
    for name, (status, said) in uploads.items():
        version = by_key.pop(name, None)
        if status not in (200, 202):
            counts["refused"] += 1
            if not 400 <= status < 500 or not is_named(name, said) or version:
                faults.append(f"{name}: refused with {status}: {said}")
        elif not version:
            faults.append(f"{name}: uploaded, and no document")
        elif version["state"] == "current":
            counts["read"] += 1
        elif version["state"] == "failed" and is_named(name, version["failure"]):
            counts["failed"] += 1
        else:
            faults.append(f"{name}: {version['state']}: {version['failure']}")
    # What lay in archives and messages.
    for key, version in by_key.items():
        is_told = version["state"] == "failed" and is_named(key, version["failure"])
        if not any(key.startswith(f"{name}/") for name in uploads):
            faults.append(f"{key}: nobody uploaded it")
        elif version["state"] != "current" and not is_told:
            faults.append(f"{key}: {version['state']}: {version['failure']}")
    return counts, faults


def table(counts):
    columns = ("uploaded", "read", "failed", "refused")
    rows = [*counts.items(), ("all", {column: sum(c[column] for c in counts.values()) for column in columns})]
    lines = ["| format | uploaded | read | failed with a reason | refused |", "|---|---|---|---|---|"]
    return "\n".join(lines + ["| " + " | ".join(map(str, (name, *(c[k] for k in columns)))) + " |" for name, c in rows])


def run(service, args):
    service.wait_until_ready()
    uploads = {}
    for extension in args.formats:
        originals = real_files(args.data, extension)
        if not originals:
            raise SystemExit(f"{extension}: no file of at most {LONGEST} bytes in {args.data / 'ingest'}")
        service.create(f"damaged-{extension}")
        uploads[extension] = {}
        for number in range(args.each):
            name = f"{number:05}/damaged.{extension}"
            content = damaged(originals[number % len(originals)], random.Random(f"{args.seed} {name}"))
            uploads[extension][name] = service.upload(f"damaged-{extension}", name, content)
        print(f"{extension}: uploaded", file=sys.stderr, flush=True)
    service.wait([f"damaged-{extension}" for extension in uploads])
    counts, faults, ended = {}, [], []
    for extension, answers in uploads.items():
        documents = list(service.listed(f"damaged-{extension}", "documents"))
        counts[extension], found = judge(answers, documents)
        faults += found
        failures = (document["newest_version"]["failure"] or "" for document in documents)
        ended += [failure for failure in failures if any(words in failure for words in CHILD_ENDED)]
    if not service.answers():
        faults.append("the service does not answer /livez and /readyz")
    service.check()
    return counts, faults, ended


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--data", type=Path, required=True)
    arguments.add_argument("--footnote", required=True)
    arguments.add_argument("--each", type=int, default=500, help="damaged files of each format")
    arguments.add_argument("--formats", type=lambda text: text.split(","), default=FORMATS)
    arguments.add_argument("--seed", default="1")
    arguments.add_argument("--timeout", type=float, default=6 * 3600, help="seconds for all of it")
    args = arguments.parse_args()
    began = time.monotonic()
    scratch = Path(tempfile.mkdtemp(prefix="footnote-damaged-"))
    service = None
    try:
        service = Service(args.footnote, scratch, began + args.timeout)
        counts, faults, ended = run(service, args)
        status = service.stop()
        if status != 0:
            faults.append(f"the service ended with {status} when it was asked to end")
    finally:
        if service:
            service.stop()
        shutil.rmtree(scratch, ignore_errors=True)
    print(table(counts))
    print(f"\n{len(faults)} lost or unclear; {len(ended)} ended their parser's process; {time.monotonic() - began:.0f} s")
    for line in faults + ended:
        print(f"- {line}")
    raise SystemExit(1 if faults else 0)


if __name__ == "__main__":
    main()
