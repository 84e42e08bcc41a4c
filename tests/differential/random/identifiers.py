"""Packet identifiers by the order in which they are given out.

store-restored-messages-count-in-the-window: a client that was created again over its store gives out others here than
the original does. From then on each new one is named by its place; those of restored messages stay what they are.
"""
import re

FIRST_NAME = 100000


class Names:
    """The names of one client's identifiers."""

    def __init__(self):
        self.created = False
        self.again = False
        self.names = {}
        self.next = FIRST_NAME

    def create(self):
        self.again = self.created
        self.created = True

    def give(self, number):
        if self.again and number != "0":
            self.names[number] = str(self.next)
            self.next += 1

    def of(self, number):
        return self.names.get(number, number)

    def in_bytes(self, words, at):
        """The words of a packet, the identifier at `at` by its name."""
        if len(words) < at + 2 or not self.again:
            return words
        number = str(int(words[at], 16) << 8 | int(words[at + 1], 16))
        return words[:at] + ["id" + self.of(number)] + words[at + 2:]


def head_size(words):
    """The bytes of a packet before its body."""
    at = 1
    while at < len(words) and int(words[at], 16) & 128:
        at += 1
    return at + 1


def place(words):
    """Where the identifier of a packet stands."""
    at = head_size(words)
    if words[0][0] == "3":
        at += 2 + (int(words[at], 16) << 8 | int(words[at + 1], 16))
    return at


class Renaming:
    """What the lines of a transcript say, in their order."""

    def __init__(self):
        self.clients = {}
        self.connections = {}  # the client of each

    def client(self, name):
        return self.clients.setdefault(name, Names())

    def line(self, line, client):
        """One line with names in place of identifiers; `client` is who makes the call."""
        wire = re.match(r"(  wire (c\d+) (\w+) )([0-9a-f ]+?)( \.\.\. .*)?$", line)
        if wire:
            head, connection, kind, words, rest = wire.groups()
            return self.wire(head, connection, kind, words) + (rest or "")
        token = re.match(r"(.*= (?:0, )?token )(\d+)$", line)
        if token:
            self.client(client).give(token.group(2))
            return token.group(1) + self.client(client).of(token.group(2))
        complete = re.match(r"(  callback (\w+) (?:deliveryComplete|published) )(\d+)(.*)", line)
        if complete:
            head, name, number, rest = complete.groups()
            return head + self.client(name).of(number) + rest
        pending = re.match(r"(  (\w+) is .*, pending |  .*= 0, tokens )([\d ]+)$", line)
        if pending:
            names = self.client(pending.group(2) or client)
            return pending.group(1) + " ".join(names.of(number) for number in pending.group(3).split())
        record = re.match(r"(  (?:file .|store \w+) (?:(\w+)-127.0.0.1-PORT/)?sc?5?-)(\d+)(.*)", line)
        if record:
            head, name, number, rest = record.groups()
            names = self.client(name or client)
            bytes_of = re.match(r"((?:\.msg|.*:) )([0-9a-f]{2}(?: [0-9a-f]{2})*)(.*)$", rest)
            if bytes_of:
                words = bytes_of.group(2).split()
                rest = bytes_of.group(1) + " ".join(names.in_bytes(words, place(words))) + bytes_of.group(3)
            return head + names.of(number) + rest
        return line

    def wire(self, head, connection, kind, text):
        words = text.split()
        if kind == "CONNECT":
            at = head_size(words) + 2 + int(words[head_size(words) + 1], 16)
            at += 4 + (1 + int(words[at + 4], 16) if words[at] == "05" else 0)
            length = int(words[at + 1], 16)
            self.connections[connection] = bytes.fromhex("".join(words[at + 2:at + 2 + length])).decode("latin-1")
        names = self.client(self.connections.get(connection, "a"))
        if kind in ("SUBSCRIBE", "UNSUBSCRIBE"):
            at = head_size(words)
            names.give(str(int(words[at], 16) << 8 | int(words[at + 1], 16)))
        if kind in ("SUBSCRIBE", "UNSUBSCRIBE", "PUBREL") or kind == "PUBLISH" and int(words[0], 16) & 6:
            words = names.in_bytes(words, place(words))
        return head + " ".join(words)
