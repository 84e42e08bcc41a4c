"""Usage: python3 tests/differential/random DRIVER OUR_LIBRARIES COMMAND...

soak FIRST LAST [JOBS]   plays the stories of these seeds on both libraries, shows the shortest that differ
check [JOBS]             plays the recorded ones on ours; what the original did was recorded
record FIRST LAST        records these seeds, on the original and on ours, in place of what was recorded
show SEED                the story of a seed and the first difference
story SEED               the story alone
"""
import re
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor, as_completed

import compare
import generate
import play
import recorded


# How long the first look waits for what a line may cause, in ms; the second one waits longer.
SILENCE, LONGER_SILENCE = 150, 700


def look(stage, seed):
    """(seed, difference or None, whether the original did not survive); a difference is looked at twice."""
    lines = generate.story(seed)
    original, _, difference = stage.compare(lines, silence=SILENCE)
    if "  HANGS" in original or "  CRASHES" in original:
        return seed, None, True
    if difference is not None:
        difference = stage.compare(lines, silence=LONGER_SILENCE, hurry=False)[2]
    return seed, difference, False


def soak(stage, first, last, jobs):
    """Plays all, then shortens the first story of each kind of difference."""
    kinds, differing, broken = {}, 0, []
    begin = time.monotonic()
    with ThreadPoolExecutor(jobs) as pool:
        looks = [pool.submit(look, stage, seed) for seed in range(first, last + 1)]
        for done in as_completed(looks):
            seed, difference, ended = done.result()
            if ended:
                broken.append(seed)
            if difference is not None:
                differing += 1
                kinds.setdefault(compare.kind(difference), []).append(seed)
                told, theirs, mine = difference
                print(f"seed {seed} differs at: {told}\n    original {theirs}\n    ours     {mine}", flush=True)
        print(f"random stories: {len(looks)} played on both libraries in {time.monotonic() - begin:.0f} s, {differing} "
              f"differ in {len(kinds)} ways; the original did not survive {broken}", flush=True)

    def shortest(kind):
        return stage.shorten(generate.story(min(kinds[kind])), kind, max(1, jobs // 8))

    with ThreadPoolExecutor(8) as pool:
        for kind, lines in zip(kinds, pool.map(shortest, kinds)):
            print(f"== {len(kinds[kind])} of this kind, seeds {sorted(kinds[kind])[:10]}: {kind}")
            print("\n".join(lines), flush=True)
    return differing == 0


def record(stage, seeds, jobs):
    """Keeps what both do; a story that does not do the same twice is left out. So is one with callbacks and a user's
    store: messages are taken from it while others are put in. And one that lasts long."""

    def one(seed):
        lines = generate.story(seed)
        with_callbacks = any(re.match(r"(@\w )?callbacks", line) and "arrived=no" not in line for line in lines)
        if with_callbacks and any("store=user" in line for line in lines):
            return None
        if any(line.startswith("sleep 11") for line in lines):
            return None
        original, ours, difference = stage.compare(lines, silence=LONGER_SILENCE, hurry=False)
        again, ours_again, _ = stage.compare(lines)
        steady = original == again and ours == ours_again
        if not steady or difference is not None:
            print(f"seed {seed} is left out: {difference or 'it is not the same twice'}")
            return None
        return recorded.Recording(seed, original, ours)

    with ThreadPoolExecutor(jobs) as pool:
        recordings = [recording for recording in pool.map(one, seeds) if recording is not None]
    recorded.write(recordings)
    print(f"random stories: {len(recordings)} recorded")
    return True


def check(stage, jobs):
    """Ours has to do what it did when it was compared with the original."""

    def one(recording):
        lines = [line for line, _ in compare.blocks(recording.ours)]
        now = stage.play(lines, True, expected=recording.ours)
        if compare.first_difference(recording.original, recording.ours) is not None:
            return f"seed {recording.seed}: the recorded transcripts differ"
        difference = compare.first_difference(recording.ours, now, compare.blocks)
        if difference is None:
            return None
        told, was, became = difference
        return f"seed {recording.seed} at: {told}\n    recorded {was}\n    now      {became}"

    recordings = recorded.read()
    with ThreadPoolExecutor(jobs) as pool:
        failures = [failure for failure in pool.map(one, recordings) if failure is not None]
    passed = len(recordings) - len(failures)
    print("\n".join(failures + [f"random stories (check): {passed} passed, {len(failures)} failed"]))
    return bool(recordings) and not failures


def main():
    if len(sys.argv) < 4:
        print(__doc__)
        return 2
    driver, ours, command, *arguments = sys.argv[1:]
    with tempfile.TemporaryDirectory(prefix="mqtt3c.random.") as work:
        stage = play.Stage(driver, ours, work)
        if command == "story":
            print("\n".join(generate.story(int(arguments[0]))))
        elif command == "show":
            lines = generate.story(int(arguments[0]))
            original, mine, difference = stage.compare(lines)
            print("\n".join(lines), original, mine, sep="\n-----\n")
            print(difference)
        elif command == "soak":
            jobs = int(arguments[2]) if len(arguments) > 2 else 100
            return 0 if soak(stage, int(arguments[0]), int(arguments[1]), jobs) else 1
        elif command == "record":
            return 0 if record(stage, range(int(arguments[0]), int(arguments[1]) + 1), 32) else 1
        elif command == "check":
            return 0 if check(stage, int(arguments[0]) if arguments else 16) else 1
        else:
            print(__doc__)
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
