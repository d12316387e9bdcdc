"""The same corpus through Python and rbloom: how long building and asking take there.

    pip install rbloom xxhash
    python datasets/benches/overlap_rbloom.py CORPUS.txt|.jsonl[.gz] ...

Prints MB of text a second for a filter of 1e-8, one thread, as `cargo bench -p datasets --bench overlap CORPUS...` does for
this program: lower-cased alphanumeric words by a regular expression, 8-grams, XXH3 of each, put into rbloom 1.5.
"""

import gzip
import json
import re
import sys
import time

import rbloom
import xxhash

CORPUS_BYTES = 20 << 20
WORD = re.compile(r"[^\W_]+")


def texts(paths):
    for path in paths:
        opened = gzip.open if path.endswith(".gz") else open
        with opened(path, "rt", encoding="utf-8") as file:
            if ".jsonl" in path:
                yield from (json.loads(line)["text"] for line in file)
            else:
                yield file.read()


def ngrams(text):
    words = WORD.findall(text.lower())
    return (" ".join(words[at : at + 8]) for at in range(len(words) - 7))


def digest(ngram):
    return xxhash.xxh3_128_intdigest(ngram.encode()) - (1 << 127)


def main():
    documents, asked, size = [], [], 0
    for number, text in enumerate(texts(sys.argv[1:])):
        (asked if number % 10 == 9 else documents).append(text)
        size += len(text.encode())
        if size >= CORPUS_BYTES:
            break
    count = sum(1 for text in documents for _ in ngrams(text))
    size = sum(len(text.encode()) for text in documents)
    filter = rbloom.Bloom(max(count, 1), 1e-8, digest)
    start = time.perf_counter()
    for text in documents:
        filter.update(ngrams(text))
    seconds = time.perf_counter() - start
    print(f"rbloom build: {size / seconds / 1e6:.2f} MB a second, {count / seconds / 1e6:.2f} M n-grams")
    print(f"    {filter.size_in_bits / max(count, 1):.1f} bits an n-gram")
    start, found, total = time.perf_counter(), 0, 0
    for text in asked:
        for ngram in ngrams(text):
            found += ngram in filter
            total += 1
    seconds = time.perf_counter() - start
    size = sum(len(text.encode()) for text in asked)
    print(f"rbloom query: {size / seconds / 1e6:.2f} MB a second, {found} of {total} n-grams found")


if __name__ == "__main__":
    main()
