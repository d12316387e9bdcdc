"""The same corpus through `detect overlap`, rbloom and dolma, one after the other: speeds and their ratio.

    pip install rbloom xxhash; pip install --no-deps dolma
    cargo build --release
    python datasets/benches/overlap_peers.py CORPUS.txt|.jsonl[.gz|.zst] ... [--detect target/release/detect]

rbloom: lower-cased alphanumeric words by a regular expression, 8-grams, XXH3 of each, put into rbloom 1.5, a filter of 1e-8, one
thread, texts in memory. dolma 1.2: its `by_ngram` over paragraphs with 8 words and stride 1, one thread, from a .json.gz; it
asks and puts in at once. `detect` gets the same texts as a JSONL file and does the whole of it: start, reading, writing the
index. Each runs three times in turn and the fastest counts; the processor's seconds are of all threads, and do not count what
other programs took. A peer that is not installed is left out (.zst needs the package `zstandard`).
"""

import argparse
import glob
import gzip
import importlib.util
import io
import json
import pathlib
import re
import resource
import subprocess
import tempfile
import time

WORD = re.compile(r"[^\W_]+")


def opened(path):
    if path.endswith(".zst"):
        import zstandard

        return io.TextIOWrapper(zstandard.open(path, "rb"), encoding="utf-8")
    return (gzip.open if path.endswith(".gz") else open)(path, "rt", encoding="utf-8")


def texts(paths):
    for path in paths:
        with opened(path) as file:
            if ".jsonl" in path:
                yield from (json.loads(line)["text"] for line in file)
            else:
                yield file.read()


def ngrams(text):
    words = WORD.findall(text.lower())
    return (" ".join(words[at : at + 8]) for at in range(len(words) - 7))


def processor():
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def timed(work):
    """What it gives, seconds by the clock, seconds of the processor."""
    start, before = time.perf_counter(), processor()
    result = work()
    return result, time.perf_counter() - start, processor() - before


def fastest(tries):
    return min(took for _, took, _ in tries), min(used for _, _, used in tries)


def megabytes(documents):
    return sum(len(text.encode()) for text in documents) / 1e6


def write(path, documents, opener=open):
    with opener(path, "wt", encoding="utf-8") as file:
        for number, text in enumerate(documents):
            file.write(json.dumps({"id": str(number), "text": text, "source": "x"}, ensure_ascii=False) + "\n")


class Rbloom:
    def __init__(self, documents, asked, count):
        import rbloom
        import xxhash

        def digest(ngram):
            return xxhash.xxh3_128_intdigest(ngram.encode()) - (1 << 127)

        self.new = lambda: rbloom.Bloom(count, 1e-8, digest)
        self.documents, self.asked = documents, asked

    def build(self):
        self.bloom = self.new()
        for text in self.documents:
            self.bloom.update(ngrams(text))

    def query(self):
        return sum(ngram in self.bloom for text in self.asked for ngram in ngrams(text))


class Dolma:
    def __init__(self, documents, count, folder):
        package = importlib.util.find_spec("dolma").submodule_search_locations[0]
        # The extension alone: the package around it needs much that this does not.
        spec = importlib.util.spec_from_file_location("dolma", glob.glob(f"{package}/dolma*.so")[0])
        self.module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(self.module)
        self.folder, self.count, self.runs = folder, count, 0
        (folder / "documents").mkdir()
        write(folder / "documents" / "0.json.gz", documents, gzip.open)

    def build(self):
        self.runs += 1
        ngram = {"ngram_length": 8, "stride": 1, "overlap_threshold": 0.5, "skip_short_paragraphs": False}
        paragraphs = {"attribute_name": "x", "by_ngram": ngram}
        config = {
            "name": "x",
            "documents": [f"{self.folder}/documents/*.json.gz"],
            "work_dir": {"input": f"{self.folder}/in", "output": f"{self.folder}/out"},
            "dedupe": {"name": f"x{self.runs}", "skip_empty": True, "min_length": 0, "min_words": 0, "paragraphs": paragraphs},
            "bloom_filter": {
                "file": f"{self.folder}/{self.runs}.bloom",
                "size_in_bytes": 0,
                "read_only": False,
                "estimated_doc_count": self.count,
                "desired_false_positive_rate": 1e-8,
            },
            "processes": 1,
            "is_s3_volume": False,
            "compression": {"input": None, "output": None},
        }
        self.module.deduper_entrypoint(json.dumps(config))


class Detect:
    def __init__(self, program, documents, asked, folder):
        self.program, self.folder = program, folder
        write(folder / "corpus.jsonl", documents)
        write(folder / "asked.jsonl", asked)
        self.expected = None
        self.build()
        # The number of n-grams is told to the others too.
        self.expected = json.loads(self.run("info", folder / "corpus.overlap", "--json"))["ngrams"]

    def run(self, *arguments):
        command = [self.program, "overlap", *map(str, arguments)]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    def build(self):
        expect = ["--expect", self.expected] if self.expected else []
        self.run("build", self.folder / "corpus.jsonl", "-o", self.folder / "corpus.overlap", *expect)

    def query(self):
        lines = self.run(self.folder / "asked.jsonl", "--index", self.folder / "corpus.overlap", "--json").splitlines()
        return sum(json.loads(line)["found"] for line in lines)


def report(what, size, ours, peers):
    clock, used = fastest(ours)
    print(f"{what}, detect: {size / clock:.1f} MB a second, {size / used:.1f} a second of the processor")
    for name, tries in peers.items():
        slow, slow_used = fastest(tries)
        print(
            f"{what}, {name}: {size / slow:.2f} MB a second, {size / slow_used:.2f} a second of the processor: "
            f"detect is {slow / clock:.0f} times as fast, {slow_used / used:.0f} times by the processor"
        )


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("corpus", nargs="+")
    parser.add_argument("--detect", default="target/release/detect")
    parser.add_argument("--megabytes", type=float, default=20, help="of text that are read at most")
    parser.add_argument("--tries", type=int, default=3)
    args = parser.parse_args()
    documents, asked, size = [], [], 0
    for number, text in enumerate(texts(args.corpus)):
        (asked if number % 10 == 9 else documents).append(text)
        size += len(text.encode())
        if size >= args.megabytes * 1e6 and asked:
            break
    count = sum(1 for text in documents for _ in ngrams(text))
    print(f"{megabytes(documents):.1f} MB, {count} 8-grams; asked for {megabytes(asked):.1f} MB", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        detect = Detect(args.detect, documents, asked, folder)
        peers = {}
        for name, make in (
            ("rbloom", lambda: Rbloom(documents, asked, count)),
            ("dolma", lambda: Dolma(documents, count, folder)),
        ):
            try:
                peers[name] = make()
            except (ImportError, AttributeError, IndexError) as error:
                print(f"{name} is left out: {error}")
        builds, queries = {name: [] for name in ["detect", *peers]}, {}
        for _ in range(args.tries):
            for name, one in {"detect": detect, **peers}.items():
                builds[name].append(timed(one.build))
                if hasattr(one, "query"):
                    queries.setdefault(name, []).append(timed(one.query))
    report("build", megabytes(documents), builds.pop("detect"), builds)
    found = {name: tries[0][0] for name, tries in queries.items()}
    report("query", megabytes(asked), queries.pop("detect"), queries)
    print("n-grams found: " + ", ".join(f"{name} {number}" for name, number in found.items()))


if __name__ == "__main__":
    main()
