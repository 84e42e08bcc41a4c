"""What both libraries did with some random stories: one compressed file. A transcript contains its story."""
import gzip
import os
from typing import NamedTuple

FILE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "recorded.gz")
MARK = "=== "


class Recording(NamedTuple):
    seed: int
    original: str
    ours: str


def write(recordings):
    text = "".join(f"{MARK}{seed} original\n{original}{MARK}{seed} ours\n{ours}" for seed, original, ours in recordings)
    with open(FILE, "wb") as file:
        file.write(gzip.compress(text.encode(), mtime=0))


def read():
    with open(FILE, "rb") as file:
        parts = gzip.decompress(file.read()).decode().split(MARK)[1:]
    transcripts = [part.partition("\n") for part in parts]
    return [Recording(int(head.split()[0]), original, ours)
            for (head, _, original), (_, _, ours) in zip(transcripts[::2], transcripts[1::2])]
