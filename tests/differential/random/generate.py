"""Random stories: calls and broker reactions from a seed. The same seed always gives the same story.

The stories keep away from what docs/differences.md lists; each avoidance below is marked `avoids:` with the story that
shows the difference. What cannot be avoided is normalised in compare.py.
"""
import random

from traffic import Traffic
from vocabulary import CONNACK_PROPERTIES, MALFORMED, MALFORMED_5, packet, size


class Story(Traffic):
    def __init__(self, seed):
        self.random = random.Random(seed)
        self.lines = []
        self.version = self.one_of([3, 4, 4, 4, 5, 5, 0])
        self.callbacks = self.chance(0.5)
        # avoids: v5-user-store (messages of MQTT 5 are stored here only)
        self.store = self.one_of(["none"] * 6 + ["file"] * 3 + ["user"])
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
        self.planned = False  # something is to be done in a callback
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
        if self.store != "none":
            words.append("store=" + self.store)
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
        self.clean = self.store != "file" and self.chance(0.5)
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
        words = " ".join(self.connect_words())
        if self.queued and not self.callbacks:
            words = words.replace("clean=1", "clean=0")  # avoids: refused-clean-connect-keeps-received-messages
        self.say(words)
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
        if not self.settled:
            self.settle()
        kept = self.store != "none"
        if kept:
            self.receive_all()
        self.disconnect()
        self.say("destroy")
        self.open_ids = self.open_ids if kept else []
        self.restarted = kept
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
        if not self.settled:
            self.settle()
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
        if self.chance(0.1):
            self.say("trace 4")
        self.create()
        if self.chance(0.1):
            self.one_of([self.publish, self.subscribe, self.disconnect, self.ask, self.receive, self.connect_wrongly])()
        self.connect()
        usual = [self.publish] * 8 + [self.subscribe] * 3 + [self.arrive] * 5 + [self.release_received] * 2
        usual += [self.receive] * (1 if self.callbacks else 3) + [self.ask] * 3 + [self.lose] * 2
        usual += [self.disconnect, self.connect, self.restart, self.unblock, self.plan]
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
