"""Plays stories on a library, and shortens those that differ."""
import os
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor

import compare

LIMIT = 200  # s, more than the driver allows itself


class Stage:
    """Where stories are played: a driver, our library, a directory that may be littered."""

    def __init__(self, driver, ours, work):
        self.driver, self.ours, self.work = driver, ours, work

    def play(self, lines, ours, expected=None, silence=None):
        with tempfile.TemporaryDirectory(dir=self.work) as folder:
            story = os.path.join(folder, "story")
            with open(story, "w", encoding="utf-8") as file:
                file.write("\n".join(lines) + "\n")
            command = [self.driver, story]
            if expected is not None:
                command.append(os.path.join(folder, "expected"))
                with open(command[-1], "w", encoding="utf-8") as file:
                    file.write(expected)
            environment = dict(os.environ, LD_LIBRARY_PATH=self.ours if ours else "")
            if silence is not None:
                environment["SILENCE"] = str(silence)
            done = subprocess.run(command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, timeout=LIMIT,
                                  stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
            return done.stdout.decode("utf-8", "replace")

    def compare(self, lines, silence=None, hurry=True):
        """The transcripts of both libraries, and their first difference. In a hurry ours is not given more time for a
        line than it takes to do what the original did."""
        original = self.play(lines, False, silence=silence)
        ours = self.play(lines, True, expected=original if hurry else None, silence=silence)
        return original, ours, compare.first_difference(original, ours)

    def shorten(self, lines, wanted, jobs):
        """The shortest story found with the same kind of difference: lines left out in ever smaller pieces."""

        def still_differs(candidate):
            return compare.kind(self.compare(candidate)[2]) == wanted

        piece = max(1, len(lines) // 2)
        with ThreadPoolExecutor(jobs) as pool:
            while True:
                candidates = [lines[:at] + lines[at + piece:] for at in range(0, len(lines), piece)]
                verdicts = list(pool.map(still_differs, candidates))
                if True in verdicts:
                    lines = candidates[len(verdicts) - 1 - verdicts[::-1].index(True)]
                    piece = min(piece, max(1, len(lines) // 2))
                elif piece > 1:
                    piece //= 2
                else:
                    break
            return self.simplify(lines, still_differs, pool)

    @staticmethod
    def simplify(lines, still_differs, pool):
        """Leaves out words of lines where that changes nothing."""
        at = 0
        while at < len(lines):
            words = lines[at].split()
            candidates = [lines[:at] + [" ".join(words[:i] + words[i + 1:])] + lines[at + 1:]
                          for i in range(1, len(words)) if "=" in words[i]]
            verdicts = list(pool.map(still_differs, candidates))
            if True in verdicts:
                lines = candidates[verdicts.index(True)]
            else:
                at += 1
        return lines
