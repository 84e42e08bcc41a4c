"""Whether two transcripts say the same, but for what docs/differences.md lists and no generator can avoid.

Each rule below names the story of its row.
"""
import re

import identifiers


def blocks(transcript):
    """The lines of the transcript as (line of the story, [what it caused])."""
    found = []
    for line in transcript.splitlines():
        if line.startswith("> "):
            found.append((line[2:], []))
        elif found:
            found[-1][1].append(line)
        else:
            found.append(("", [line]))
    return found


def normalised(transcript):
    result = []
    outstanding = set()  # tokens whose completion is to be told, with the names of their clients
    renaming = identifiers.Renaming()
    for told, lines in blocks(transcript):
        own, verb = caller(told)
        if verb == "create":
            renaming.client(own).create()
        kept = []
        for line in lines:
            # what a callback does may be another client's
            inside = re.match(r"  callback   in it: (.*)", line)
            client = caller(inside.group(1))[0] if inside else client if line.startswith("  callback   ") else own
            # a-malformed-packet-is-not-answered-with-disconnect, loss-with-half-closed-connection: DISCONNECT at a loss
            if re.match(r"  wire c\d+ DISCONNECT", line) and not verb.startswith("disconnect"):
                continue
            if "-> DISCONNECT" in line and not verb.startswith("disconnect"):
                continue
            # user-store-disconnect-after-a-loss
            if line == "  store clear: 0" and verb.startswith("disconnect"):
                continue
            # trace-lines-of-level-3: the original's inner life
            if line.startswith("  trace 5") and "Bad MQTT packet" not in line:
                continue
            # trace-lines-of-a-write-that-fails
            line = re.sub(r"(  trace 4 .*) \(-1\)$", r"\1 (0)", line)
            # It depends on the pace of the story, but where nothing else happens; there the last one may come before or
            # after a message that is sent again.
            if re.search("PINGRE(Q|SP)", line) and (not re.match(r"sleep \d{4}$|yield \d\d", told)):
                continue
            # user-store-restores
            if verb == "create" and re.match("  store (contains|get) ", line):
                continue
            # trace-lines-of-unprintable-payloads
            line = re.sub(r"(  trace 4 .* payload len\(\d+\): ).*", r"\1", line)
            # destroy-while-connected
            if verb == "destroy" and re.match(r"  wire c\d+ closed", line):
                continue
            # v5-session-present
            line = re.sub(r"(returned \S+ version 5 session present) \d", r"\1 ?", line)
            # store-repeated-message-keeps-its-flag: records of received QoS 2 messages here tell repeats apart by DUP,
            # which no program sees
            line = re.sub(r"(q-\d+\b.* 02 00 00 00 0[01] 00 00 00) 0[01] 00 00 00", r"\1 ?", line)
            # store-keeps-undelivered-messages-until-the-next-start: restored messages have no struct_id
            line = line.replace(" MQTM 1 ", "  1 ")
            # store-restored-messages-count-in-the-window
            line = renaming.line(line, client)
            token = re.search(r"token (-?\d+)$", line)
            if token:
                outstanding.update(completions(client, token.group(1)))
            pending = re.match(r"  (\w+) is .*, pending (.*)", line)
            if pending:
                for word in pending.group(2).split():
                    outstanding.update(completions(pending.group(1), word))
            # acks-for-unknown-ids-with-callbacks: completions that nobody waits for
            complete = re.match(r"  callback (\S+) (deliveryComplete|published) (\d+)", line)
            if complete:
                key = complete.groups()
                if key not in outstanding:
                    continue
                outstanding.discard(key)
            kept.append(line)
        if any(line.startswith("  callback") for line in kept):
            # receive-returns-queued-messages-in-order: one packet after the other there, all that came here
            kept = [line for line in kept if not line.startswith("  store")] + sorted(
                line for line in kept if line.startswith("  store"))
        if any("in it: connect" in line for line in kept):
            # the old connection is closed by another thread
            kept.sort(key=lambda line: re.match(r"  wire c\d+ closed", line) is not None)
        # In the order of their names.
        files = sorted(line for line in kept if line.startswith("  file"))
        result.append((told, [line for line in kept if not line.startswith("  file")] + files))
    return result


def caller(told):
    """The client and the first word of a line of a story."""
    words = told.split()
    name = words.pop(0)[1:] if words and words[0].startswith("@") else "a"
    return name, words[0] if words else ""


def completions(client, token):
    return (client, "deliveryComplete", token), (client, "published", token)


def first_difference(one, other, read=normalised):
    """(line of the story, a line of the first, a line of the second), or None. `read` may be `blocks`: exactly."""
    one, other = read(one), read(other)
    for (told, first), (told_too, second) in zip(one, other):
        if told == told_too and first == second:
            continue
        for a, b in zip(first + ["(nothing)"] * len(second), second + ["(nothing)"] * len(first)):
            if a != b:
                return told, a, b
        return told, "(nothing)", "(nothing)"
    if len(one) != len(other):
        return "end", str(len(one)), str(len(other))
    return None


def kind(difference):
    """What stays the same of a difference while its story is being shortened."""
    if difference is None:
        return None
    told, first, second = difference
    words = told.split()
    return (words[0] if words else "", re.sub(r"\d+|[0-9a-f]{2}( [0-9a-f]{2})+|\"[^\"]*\"", "#", first)[:60],
            re.sub(r"\d+|[0-9a-f]{2}( [0-9a-f]{2})+|\"[^\"]*\"", "#", second)[:60])
