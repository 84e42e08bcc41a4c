"""Random stories: calls and broker reactions from a seed. The same seed always gives the same story.

The stories keep away from what docs/differences.md lists; each avoidance below is marked `avoids:` with the story that
shows the difference. What cannot be avoided is normalised in compare.py.
"""
import random

TOPICS = ["t", "a/b", "$SYS/x", "t/#", "\\xc3\\xa4", "a\\x00b", '""', "NULL", "\\xff", "\\xed\\xa0\\x80", "*300"]
PAYLOADS = ["hello", '""', "NULL", "#00ff80", "*300", "*20000"]
FILTERS = ["t:0", "t:1", "t:2", "a/#:1", "+/b:2", '"":1', "NULL:1", "t:3", "t:-1", "\\xff:1", "$share/g/t:1"]
# Both libraries take these for the end of the connection.
MALFORMED = ["30 01 00", "32 03 00 01 74", "30 ff ff ff ff ff", "40 01 00", "50 01 00", "70 01 05", "90 01 00"]
MALFORMED_5 = ["30 01 00", "30 05 00 01 74 03 01", "30 ff ff ff ff ff", "40 01 00", "90 02 00 01"]
# What a server may say at connect without changing what the client does (avoids: v5-server-keep-alive,
# v5-limits-of-the-server).
CONNACK_PROPERTIES = ["", "", "", "21 00 03", "12 00 03 6e 65 77", "22 00 00", "1f 00 02 6f 6b", "26 00 01 6b 00 01 76", "28 00 29 00 2a 00",
                      "11 00 00 00 05"]
PUBLISH_PROPERTIES = ["", "", "01 01", "02 00 00 00 05", "03 00 01 63", "08 00 01 72", "09 00 02 61 62", "0b 07",
                      "26 00 01 6b 00 01 76 26 00 01 6b 00 01 77"]
OWN_PROPERTIES = [None, None, None, "1:1", "2:30", "3:text/plain", "8:r/t", "9:#0102", "38:k~v", "38:a~b,38:a~c,1:0"]
# What a line of a story can hold, with some room.
WORDS = 56
ERROR_CODES_5 = ["80", "83", "87", "90", "91", "97", "99"]


def size(text):
    """The bytes of a text of hexadecimal numbers and words beginning with an apostrophe."""
    return sum(len(word) - 1 if word[0] == "'" else 1 for word in text.split())


def packet(first, body):
    """A packet as the broker writes it: hexadecimal numbers with blanks; shorter than 16384 bytes."""
    length = size(body)
    head = f"{length:02x}" if length < 128 else f"{length & 127 | 128:02x} {length >> 7:02x}"
    return f"{first:02x} {head} {body}".strip()


class Story:
    def __init__(self, seed):
        self.random = random.Random(seed)
        self.lines = []
        self.version = self.one_of([3, 4, 4, 4, 5, 5, 0])
        self.callbacks = self.chance(0.5)
        # avoids: store-of-a-clean-session-is-cleared, v5-user-store (messages of MQTT 5 are stored here only)
        self.store = "file" if self.chance(0.3) else "none"
        self.online = False
        self.clean = True
        self.window = 1
        self.stuck = 0  # publications without an acknowledgement to come
        self.held = False  # something can be released
        self.open_ids = []  # received QoS 2 messages whose PUBREL is to come
        self.next_id = 1
        self.tokens = 0  # publications that may be in the store
        self.queued = 0  # messages sent to a client without callbacks
        self.restarted = False
        self.settled = True
        self.nul = False  # a topic with NUL may be among them
        self.frozen = False  # packet identifiers are not comparable any more

    def chance(self, probability):
        return self.random.random() < probability

    def one_of(self, choices):
        return choices[self.random.randrange(len(choices))]

    def say(self, line):
        self.lines.append(line)

    @property
    def v5(self):
        return self.version == 5

    def settle(self):
        """Has all that came handled: without callbacks the original handles one packet in a call (avoids:
        receive-returns-queued-messages-in-order, wait-for-completion)."""
        if not self.callbacks:
            self.say("yield 2")
        self.settled = True

    # --- beginnings and ends ------------------------------------------------------------------------------------

    def create(self):
        words = ["create"]
        if self.store == "file":
            words.append("store=file")
        if self.v5:
            words.append("version=5")
        elif self.chance(0.2):
            words.append(f"version={self.one_of([0, 3, 4])}")
        self.say(" ".join(words))
        if self.callbacks:
            lost = "" if self.chance(0.8) else " lost=no"
            complete = "" if self.chance(0.8) else " complete=no"
            self.say("callbacks" + lost + complete)
            if self.v5:
                self.say("published" if self.chance(0.7) else "published no")
                if self.chance(0.7):
                    self.say("disconnected")

    def connect_words(self):
        words = ["connect5" if self.v5 else "connect"]
        if not self.v5 and self.version != 0:
            words.append(f"version={self.version}")
        # avoids: store-of-a-clean-session-is-cleared
        self.clean = self.store == "none" and self.chance(0.5)
        if self.v5:
            words.append(f"start={int(self.clean)}")
        else:
            words.append(f"clean={int(self.clean)}")
        self.window = 1
        if self.chance(0.6):
            words.append("reliable=0")
            self.window = 10
        if self.chance(0.3):
            self.window = self.one_of([1, 2, 5])
            words.append(f"window={self.window}")
        if self.chance(0.2):
            words.append(f"keepalive={self.one_of([0, 20, 300, 65535])}")
        if self.chance(0.1):
            words.append(f"retry={self.one_of([0, 20])}")
        if self.chance(0.2):
            words.append(f"will={self.one_of(['w', 'w/t', 'a'])} message={self.one_of(['bye', '*200'])} "
                         f"qos={self.random.randrange(3)} retained={self.random.randrange(2)}")
        elif self.chance(0.1):
            words.append("will=w payload=#0001ff message=text")
        if self.chance(0.2):
            words.append("user=u")
        if self.chance(0.2):
            words.append(self.one_of(["password=p", "binary=#00ff"]))
        if self.v5 and self.chance(0.3):
            words.append("props=" + self.one_of(["17:30", "33:20", "38:a~b", "25:1", "39:100000", "34:3"]))
        return words

    def connect_wrongly(self):
        mistakes = ["will=NULL", 'will=""', "will=w qos=3", "will=w willeye=XXXX", "will=w willstruct=2", "eye=XXXX",
                    "struct=9", "struct=-1", "user=\\xff", "password=\\xff", "version=6", "NULL"]
        if self.v5:
            mistakes += ["clean=1", "version=9"]
        else:
            mistakes += ["start=1", "version=5", "version=2"]
        self.say(("connect5 " if self.v5 else "connect ") + self.one_of(mistakes))

    def connect(self):
        if self.online is not False or self.chance(0.1):
            self.say(f"disconnect {self.one_of([0, 0, 200])}")  # avoids: connect-twice
            self.settle_after_end()
        if self.chance(0.1):
            self.connect_wrongly()
        if self.chance(0.1):
            self.refused_connect()
        kept_there = "00"
        words = self.connect_words()
        # avoids: store-drops-inbound-messages-without-a-session
        if not self.clean and self.version != 3 and (self.open_ids or self.restarted or self.chance(0.5)):
            kept_there = "01"
        if self.v5:
            properties = self.one_of(CONNACK_PROPERTIES)
            if properties == "21 00 03":
                self.window = min(self.window, 3)
            self.say("broker once CONNECT " + packet(0x20, f"{kept_there} 00 {size(properties):02x} {properties}"))
        elif kept_there == "01":
            self.say("broker once CONNECT 20 02 01 00")
        self.say(" ".join(words))
        self.online = True
        self.stuck = 0
        self.held = False
        self.tokens = 0  # now all are acknowledged
        if self.clean:
            self.open_ids = []
        self.settle()

    def refused_connect(self):
        """avoids: connect-falls-back-to-3.1-for-bad-credentials, v5-connect-refused-with-properties,
        connect-to-a-broker-that-answers-nonsense"""
        if self.v5:
            answers = ["20 03 00 87 00", "20 03 00 84 00", "20 03 00 9c 00", "close", "20 02 00 86"]
        elif self.version == 0:
            answers = ["20 02 00 01", "close", "reset"]
        else:
            answers = ["20 02 00 01", "20 02 00 02", "20 02 00 05", "20 02 00 4d", "close", "reset", "20 01 00 close"]
        for _ in range(2 if self.version == 0 else 1):
            self.say("broker once CONNECT " + self.one_of(answers))
        self.say(" ".join(self.connect_words()))
        self.say("broker usual")
        self.online = False

    def disconnect(self):
        timeout = self.one_of([0, 0, 100, 350])
        if self.v5 and self.chance(0.6):
            extra = self.one_of(["", " reason=4", " reason=0 props=38:a~b", " reason=152", " props=17:9"])
            self.say(f"disconnect5 {timeout}{extra}")
        else:
            self.say(f"disconnect {timeout}")
        self.settle_after_end()

    def settle_after_end(self):
        self.online = False
        self.held = False
        if self.clean and not self.v5:
            self.open_ids = []

    def restart(self):
        """avoids: destroy-while-connected"""
        if self.store == "file":
            self.receive_all()
        self.disconnect()
        self.say("destroy")
        self.open_ids = self.open_ids if self.store == "file" else []
        self.restarted = self.store == "file"
        # avoids: store-restored-messages-count-in-the-window
        self.frozen = self.frozen or self.restarted and self.tokens > 0
        self.queued = 0
        self.create()

    def before_loss(self):
        """avoids: clean-session-keeps-received-messages-at-a-loss"""
        if self.clean and not self.v5:
            self.receive_all()

    def lose(self):
        self.before_loss()
        how = self.one_of(["close", "reset", "shutdown", "malformed", "malformed"])
        if how == "malformed":
            self.say("broker send " + self.one_of(MALFORMED_5 if self.v5 else MALFORMED))
        else:
            self.say(f"broker {how}")
        if not self.callbacks:
            # avoids: receive-a-topic-with-nul-while-the-connection-ends
            self.say("yield 2" if self.nul or self.chance(0.6) else "receive 200")
            self.say("yield")
        self.settle_after_end()

    # --- publishing ---------------------------------------------------------------------------------------------

    def publication(self, qos):
        as_message = self.chance(0.4)
        five = self.v5 if self.chance(0.93) else not self.v5
        words = ["publishmessage" if as_message else "publish"]
        if five:
            words[0] += "5"
        topic = self.one_of(TOPICS) if self.chance(0.3) else "t"
        payload = self.one_of(PAYLOADS)
        if self.v5 and topic == '""':
            topic = "t"  # avoids: v5-publish-checks-its-arguments
        words += [topic, payload, str(qos), str(self.one_of([0, 0, 1]))]
        if self.chance(0.1):
            words.append("token=no")
        if self.chance(0.1):
            words.append(f"len={self.random.randrange(0, 3)}" if payload in ("hello", "*300") else "len=0")
        if as_message and self.chance(0.3):
            words.append(self.one_of(["struct=0", "struct=2", "eye=XXXX", "dup=1", "msgid=77"]))
        if five:
            properties = self.one_of(OWN_PROPERTIES)
            if properties is not None:
                words.append("props=" + properties)
        fails = topic in ("NULL", "\\xff", "\\xed\\xa0\\x80") or "struct=2" in words or "eye=XXXX" in words
        fails = fails or (self.v5 and not five)
        return " ".join(words), fails

    def publish(self):
        qos = 0 if self.frozen else self.random.randrange(3)
        line, fails = self.publication(qos)
        if self.stuck >= self.window:
            return self.unblock()  # it would wait for ever
        if not self.online or fails or qos == 0:
            self.say(line)
            return None
        reaction = self.one_of(["usual"] * 5 + ["withhold", "hold", "delay", "twice", "code", "end", "end-after"])
        wait = None
        if reaction != "usual" and not self.settled:
            self.settle()
        if reaction in ("end", "end-after"):
            self.before_loss()
        if reaction in ("withhold", "hold"):
            kind = "PUBLISH" if qos == 1 or self.chance(0.5) else "PUBREL"
            self.say(f"broker once {kind} {'none' if reaction == 'withhold' else 'hold'}")
            self.stuck += 1
            self.tokens += 1
            self.held = self.held or reaction == "hold"
        elif reaction == "delay":
            self.say(f"broker once PUBLISH after {self.one_of([50, 150])}")
            wait = "sleep 300"
        elif reaction == "twice":
            if qos == 1:
                self.say("broker once PUBLISH 40 02 ID 40 02 ID")
            elif self.chance(0.5):
                self.say("broker once PUBLISH 50 02 ID 50 02 ID")
            else:
                self.say("broker once PUBREL 70 02 ID 70 02 ID")
        elif reaction == "code" and self.v5:
            code = self.one_of(ERROR_CODES_5)
            if qos == 1:
                self.say("broker once PUBLISH " + self.one_of(
                    ["40 03 ID 10", f"40 03 ID {code}", f"40 08 ID {code} 04 1f 00 01 78"]))
            elif self.chance(0.5):
                self.say("broker once PUBLISH " + self.one_of(
                    ["50 03 ID 10", f"50 03 ID {code}", f"50 08 ID {code} 04 1f 00 01 78"]))
            else:
                self.say("broker once PUBREL " + self.one_of(["70 03 ID 00", "70 03 ID 92", "70 04 ID 92 00"]))
        elif reaction in ("end", "end-after"):
            how = self.one_of(["close", "reset"])
            kind = "PUBREL" if qos == 2 and self.chance(0.5) else "PUBLISH"
            first = {"PUBREL": "70 02 ID ", "PUBLISH": "40 02 ID " if qos == 1 else "50 02 ID "}[kind]
            self.say(f"broker once {kind} {first if reaction == 'end-after' else ''}{how}")
        self.say(line)
        if wait:
            self.say(wait)
        if reaction in ("end", "end-after"):
            self.tokens += 1
            self.settle()
            self.settle_after_end()
        elif reaction != "usual" or self.chance(0.5):
            self.settle()
        else:
            self.settled = False
        if reaction != "usual":
            self.say("broker usual")
        return None

    def unblock(self):
        if self.held and self.chance(0.7):
            self.say("broker release" + self.one_of(["", " reverse"]))
            self.held = False
            self.settle()
            return
        self.connect()

    # --- subscribing --------------------------------------------------------------------------------------------

    def subscribe(self):
        if self.frozen and self.online:
            return
        removing = self.chance(0.35)
        many = self.chance(0.4)
        five = self.v5 if self.chance(0.93) else not self.v5
        verb = ("unsubscribe" if removing else "subscribe") + ("many" if many else "") + ("5" if five else "")
        count = self.random.randrange(1, 5) if many else 1
        filters = []
        for _ in range(count):
            each = self.one_of(FILTERS) if self.chance(0.5) else "t:1"
            filters.append(each.rsplit(":", 1)[0] if removing else each)
        words = [verb] + filters
        if five and not removing and self.chance(0.3):
            words.append(self.one_of(["nolocal=1", "asis=1", "handling=2", "nolocal=1 asis=1 handling=1"]))
        if five and self.chance(0.2):
            words.append("props=" + self.one_of(["38:a~b"] if removing else ["11:5", "38:a~b", "11:268435455,38:a~b"]))
        if self.online and self.chance(0.4):
            kind = "UNSUBSCRIBE" if removing else "SUBSCRIBE"
            self.say(f"broker once {kind} {self.answer_to_request(removing, count)}")
        self.say(" ".join(words))
        self.say("broker usual")
        self.settle()

    def answer_to_request(self, removing, count):
        if self.v5:
            good = ["00", "11", "80", "87", "8f"] if removing else ["00", "01", "02", "80", "87", "97", "9e"]
            properties = self.one_of(["", "", "1f 00 02 6e 6f", "26 00 01 6b 00 01 76"])
            body = f"ID {size(properties):02x} {properties} " + " ".join(self.one_of(good) for _ in range(count))
        elif removing:
            body = "ID"
        else:
            body = "ID " + " ".join(self.one_of(["00", "01", "02", "80"]) for _ in range(count))
        length = size(body) + 1
        answer = f"{0xb0 if removing else 0x90:02x} {length:02x} {body}"
        if self.v5 and self.store == "file":
            return answer  # avoids: v5-user-store
        before = self.one_of(["", "", "", "30 04 00 01 74 31 " if not self.v5 else "30 05 00 01 74 00 31 "])
        self.queued += 1 if before else 0
        return before + answer

    # --- receiving ----------------------------------------------------------------------------------------------

    def inbound(self, qos, packet_id, dup=False):
        # avoids: store-restores-a-topic-with-nul
        topic = self.one_of(["t", "t", "a/b", "a\0b" if self.store == "none" else "a", "ä"]).encode()
        payload = self.one_of(["31", "'hello", "", "00 ff", "'" + "x" * 200])
        first = 0x30 | qos << 1 | (8 if dup else 0) | self.one_of([0, 0, 1])
        self.nul = self.nul or b"\0" in topic
        body = " ".join(f"{byte:02x}" for byte in len(topic).to_bytes(2, "big") + topic)
        if qos > 0:
            body += f" {packet_id >> 8:02x} {packet_id & 255:02x}"
        if self.v5:
            properties = self.one_of(PUBLISH_PROPERTIES)
            body += f" {size(properties):02x} {properties}"
        return packet(first, body + " " + payload)

    def arrive(self):
        if self.v5 and self.store == "file":
            return  # avoids: v5-user-store
        packets = []
        for _ in range(self.one_of([1, 1, 1, 2, 3, 6])):
            qos = self.random.randrange(3)
            packet_id = self.next_id
            self.next_id = self.next_id % 65535 + self.one_of([1, 1, 1, 1000])
            if qos == 2:
                packets.append(self.inbound(2, packet_id))
                if self.chance(0.2):
                    packets.append(self.inbound(2, packet_id, dup=True))
                if self.chance(0.6):
                    packets.append(f"62 02 {packet_id >> 8:02x} {packet_id & 255:02x}")
                    if self.chance(0.2):
                        packets.append(packets[-1])
                else:
                    self.open_ids.append(packet_id)
            else:
                packets.append(self.inbound(qos, packet_id, dup=qos == 1 and self.chance(0.2)))
            self.queued += 1
        self.send(packets)

    def release_received(self):
        if not self.open_ids:
            return self.arrive()
        packet_id = self.open_ids.pop(self.random.randrange(len(self.open_ids)))
        wanted = f"{packet_id >> 8:02x} {packet_id & 255:02x}"
        packets = [f"62 02 {wanted}"]
        if self.v5 and self.chance(0.3):
            packets = [self.one_of([f"62 03 {wanted} 00", f"62 04 {wanted} 00 00", f"62 03 {wanted} 92"])]
        if self.chance(0.3):
            packets.insert(0, self.inbound(2, packet_id, dup=True))
        return self.send(packets)

    def send(self, packets):
        if not self.online:
            return
        while len(packets) > 1 and (self.chance(0.2) or len(" ".join(packets).split()) > WORDS):
            self.say("broker send " + packets.pop(0))
            self.settle()
        if self.chance(0.1):
            words = packets[0].split()
            if len(words) > 1:
                at = self.random.randrange(1, len(words))
                self.say("broker send " + " ".join(words[:at]))
                packets[0] = " ".join(words[at:])
        self.say("broker send " + " ".join(packets))
        if not self.callbacks and self.settled and len(packets) == 1 and self.chance(0.3):
            self.say(f"receive {self.one_of([50, 200])}")
        self.settle()

    def receive(self):
        self.say(f"receive {self.one_of([0, 100])}")
        self.queued = max(0, self.queued - 1)

    def receive_all(self):
        if not self.callbacks:
            for _ in range(min(self.queued, 12)):
                self.say("receive 50")
            self.queued = 0

    # --- questions ----------------------------------------------------------------------------------------------

    def ask(self):
        self.say(self.one_of(["pending", "isconnected", "wait 1 0", f"wait {self.random.randrange(1, 6)} 150",
                              "wait -1 100", "timeout 4999", "timeout 6000", "yield", "receive 50",
                              "@null isconnected", "@null disconnect 0", "@null wait 1 100", "@null receive 100",
                              "@null pending", "@null unsubscribe t", "@null callbacks", "@null subscribemany t:1",
                              "callbacks arrived=no", "receive 0"]))

    def tell(self):
        """The whole story."""
        steps = 8 + self.random.randrange(14)
        self.create()
        if self.chance(0.1):
            self.one_of([self.publish, self.subscribe, self.disconnect, self.ask, self.receive, self.connect_wrongly])()
        self.connect()
        usual = [self.publish] * 8 + [self.subscribe] * 3 + [self.arrive] * 5 + [self.release_received] * 2
        usual += [self.receive] * (1 if self.callbacks else 3) + [self.ask] * 3 + [self.lose] * 2
        usual += [self.disconnect, self.connect, self.restart, self.unblock]
        for _ in range(steps):
            if not self.online and self.chance(0.6):
                self.connect()
            else:
                self.one_of(usual)()
        self.receive_all()
        if self.chance(0.7):
            self.disconnect()
        else:
            self.say("disconnect 0")
        self.say("destroy")
        return [" ".join(line.split()) if '"' not in line else line for line in self.lines]


def story(seed):
    return Story(seed).tell()
