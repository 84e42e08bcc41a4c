"""Random stories: calls and broker reactions from a seed. The same seed always gives the same story.

The stories keep away from what docs/differences.md lists; each avoidance below is marked `avoids:` with the story that
shows the difference. What cannot be avoided is normalised in compare.py.
"""
import random

from faults import Faults
from inside import Inside
from traffic import Traffic
from vocabulary import (CONNACK_PROPERTIES, CONNECT_PROPERTIES, DISCONNECT_PROPERTIES, MALFORMED, MALFORMED_5,
                        WILL_PROPERTIES, packet, size)


class Story(Traffic, Inside, Faults):
    """What one client does. With others in the story it says who it is."""

    def __init__(self, chances, lines, name=None):
        self.random = chances
        self.lines = lines
        self.name = name
        self.others = []
        self.hears_loss = False
        self.hears_leaving = False
        self.unheard = False  # its messages cannot be taken
        self.traced = False
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
        self.completion_planned = False  # when a message is complete, of any client
        self.calm = self.store == "file" and self.chance(0.3)  # clean sessions over files: nothing stays unfinished
        self.renamed = False  # packet identifiers differ
        self.stopped = False  # nobody listens
        self.interval = None  # the keep alive of the next connect
        self.orphans = False  # records may be left that should have been removed
        self.resent = False  # some of its messages were sent again

    def chance(self, probability):
        return self.random.random() < probability

    def one_of(self, choices):
        return choices[self.random.randrange(len(choices))]

    def say(self, line):
        if self.name is not None:
            words = line.split(" ", 2)
            if words[0] == "broker" and words[1] in ("send", "close", "reset", "shutdown"):
                line = " ".join([*words[:2], "@" + self.name, *words[2:]])
            elif words[0] == "on" and " do @" not in line:
                line = line.replace(" do ", f" do @{self.name} ")
            elif words[0] not in ("broker", "yield", "sleep", "trace", "on") and not line.startswith("@"):
                line = f"@{self.name} {line}"
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
            self.hears_loss = self.chance(0.8)
            lost = "" if self.hears_loss else " lost=no"
            complete = "" if self.chance(0.8) else " complete=no"
            self.say("callbacks" + lost + complete)
            if self.v5:
                self.say("published" if self.chance(0.7) else "published no")
                self.hears_leaving = self.chance(0.7)
                if self.hears_leaving:
                    self.say("disconnected")

    def connect_words(self):
        words = ["connect5" if self.v5 else "connect"]
        if not self.v5 and self.version != 0:
            words.append(f"version={self.version}")
        # avoids: store-of-a-clean-session-is-cleared
        self.clean = self.calm or self.store != "file" and self.chance(0.5)
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
        if self.interval is not None:
            words.append(f"keepalive={self.interval} retry={self.one_of([1, 1, 10])}")
        elif self.chance(0.2):
            words.append(f"keepalive={self.one_of([0, 300, 65535])}")
        if self.chance(0.2):
            words.append(f"will={self.one_of(['w', 'w/t', 'a'])} message={self.one_of(['bye', '*200'])} "
                         f"qos={self.random.randrange(3)} retained={self.random.randrange(2)}")
        elif self.chance(0.1):
            words.append("will=w payload=#0001ff message=text")
        elif self.chance(0.1):
            words.append("will=w message=x willstruct=0 " + self.one_of(["payload=#00", "qos=1 retained=1", ""]))
        if self.v5 and any(word.startswith("will=") for word in words) and self.chance(0.5):
            words.append("willprops=" + self.one_of(WILL_PROPERTIES))
        if self.chance(0.08):
            addresses = ["tcp://127.0.0.1:PORT", "127.0.0.1:PORT,tcp://127.0.0.1:1"]
            if not (self.clean and self.store == "user"):  # avoids: user-store-of-a-clean-connect-to-dead-addresses
                addresses += ["tcp://127.0.0.1:1,tcp://127.0.0.1:PORT"] * 2
                addresses += ["tcp://127.0.0.1:1,127.0.0.1:PORT,tcp://127.0.0.1:1"]
            words.append("uris=" + self.one_of(addresses))
        if self.chance(0.2):
            words.append("user=u")
        if self.chance(0.2):
            words.append(self.one_of(["password=p", "binary=#00ff"]))
        if self.v5 and self.chance(0.3):
            words.append("props=" + self.one_of(CONNECT_PROPERTIES))
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
        # avoids: a-connect-resends-what-other-clients-have-sent
        if self.tokens and any(each.online and each.tokens for each in self.others):
            return
        if self.calm:
            self.settle()
            self.receive_all()
        if self.online is not False or self.chance(0.1):
            self.say(f"disconnect {self.one_of([0, 0, 200])}")  # avoids: connect-twice
            self.settle_after_end()
        if self.chance(0.1):
            self.connect_wrongly()
        if self.chance(0.1) and not self.stopped:  # avoids: a-clean-connect-that-reaches-nobody
            self.refused_connect()
        if self.stopped or self.chance(0.04):
            self.connect_to_nobody()
        kept_there = "00"
        words = self.connect_words()
        # avoids: store-drops-inbound-messages-without-a-session
        if not self.clean and self.version != 3 and (self.open_ids or self.restarted or self.chance(0.5)):
            kept_there = "01"
        if self.v5:
            properties = self.one_of(CONNACK_PROPERTIES)
            if properties == "21 00 03":
                self.window = min(self.window, 3)
            answer = packet(0x20, f"{kept_there} 00 {size(properties):02x} {properties}")
        else:
            answer = f"20 02 {kept_there} 00"
        late = "after 300 " if self.chance(0.1) else ""
        if self.v5 or late or kept_there == "01":
            self.say(f"broker once CONNECT {late}{answer}")
        answer = self.answer_to_resent() if self.tokens and not self.clean else "usual"
        self.say(" ".join(words))
        self.online = True
        self.resent = self.resent or self.tokens > 0
        self.held = answer == "hold"
        self.stuck = self.tokens if answer in ("none", "hold") else 0
        if answer == "usual":
            self.tokens = 0  # now all are acknowledged
        if self.clean:
            self.open_ids = []
            self.tokens = 0
        self.settle()
        if answer != "usual":
            self.say("broker usual")

    def answer_to_resent(self):
        """The broker may fail again in the same exchange."""
        answer = self.one_of(["usual", "none", "hold"])
        if answer != "usual":
            self.say(f"broker {self.one_of(['once', 'always'])} {self.one_of(['PUBLISH', 'PUBREL'])} {answer}")
        return answer

    def connect_to_nobody(self):
        if not self.stopped:
            self.say("broker stop")
        words = " ".join(word for word in self.connect_words() if not word.startswith("uris="))
        # avoids: a-clean-connect-that-reaches-nobody
        self.say(words.replace("clean=1", "clean=0").replace("start=1", "start=0"))
        self.say("broker start")
        self.stopped = False

    def refused_connect(self):
        """avoids: connect-falls-back-to-3.1-for-bad-credentials, v5-connect-refused-with-properties,
        connect-to-a-broker-that-answers-nonsense"""
        ends = ["close", "reset", "20 close", "20 02 close", "20 02 00 reset"]
        if self.v5:
            answers = ["20 03 00 87 00", "20 03 00 84 00", "20 03 00 9c 00", "20 02 00 86", *ends]
        elif self.version == 0:
            answers = ["20 02 00 01", *ends]
        else:
            answers = ["20 02 00 01", "20 02 00 02", "20 02 00 05", "20 02 00 4d", "20 01 00 close", *ends]
        for _ in range(2 if self.version == 0 else 1):
            self.say("broker once CONNECT " + self.one_of(answers))
        words = " ".join(self.connect_words())
        # avoids: refused-clean-connect-keeps-received-messages, user-store-of-a-clean-connect-to-dead-addresses
        if self.queued and not self.callbacks or self.store == "user" and "uris=" in words:
            words = words.replace("clean=1", "clean=0").replace("start=1", "start=0")
        self.say(words)
        self.say("broker usual")
        self.online = False

    def disconnect(self):
        if self.calm:
            self.settle()
            self.receive_all()
        timeout = self.one_of([0, 0, 100, 350])
        if self.v5 and self.chance(0.6):
            extra = self.one_of(["", " reason=4", " reason=152", " props=" + self.one_of(DISCONNECT_PROPERTIES),
                                 " reason=4 props=" + self.one_of(DISCONNECT_PROPERTIES)])
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
        # avoids: store-restored-messages-count-in-the-window (another restart would send them out of order)
        kept = self.store != "none"
        if self.renamed and self.tokens > 0 or self.traced and kept:
            return
        if kept:
            self.receive_all()
        self.disconnect()
        self.say("destroy")
        self.open_ids = self.open_ids if kept else []
        self.restarted = kept
        self.renamed = kept
        self.queued = 0
        if self.store == "user" and self.chance(0.4):
            self.create_over_a_failing_store()
        self.create()

    def before_loss(self):
        """avoids: clean-session-keeps-received-messages-at-a-loss"""
        if self.clean and not self.v5:
            self.receive_all()

    def keeps_more(self):
        """Messages would be lost that cannot be taken before (avoids: clean-session-keeps-received-messages-at-a-loss)."""
        return self.unheard and self.queued > 0 and self.clean and not self.v5

    def lose(self):
        if self.keeps_more():
            return self.ask()
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
            self.say("yield 2" if self.unheard or self.nul or self.chance(0.6) else "receive 200")
            self.say("yield")
        self.settle_after_end()
        if not self.others and self.chance(0.15):
            self.stopped = True
            self.say("broker stop")
        return None

    # --- questions ----------------------------------------------------------------------------------------------

    def ask(self):
        questions = ["pending", "isconnected", "wait -1 100", "timeout 4999", "timeout 6000", "yield",
                     "@null isconnected", "@null disconnect 0", "@null wait 1 100", "@null receive 100",
                     "@null pending", "@null unsubscribe t", "@null callbacks", "@null subscribemany t:1",
                     "callbacks arrived=no"]
        if not self.renamed:
            questions += ["wait 1 0", f"wait {self.random.randrange(1, 6)} 150"]
        # avoids: receive-mode-of-one-client-beside-callbacks-of-another
        if not (self.unheard or self.others and self.callbacks and not self.online):
            questions += ["receive 50", "receive 0"]
        self.say(self.one_of(questions))

    def begin(self):
        self.create()
        if self.chance(0.1):
            self.one_of([self.publish, self.subscribe, self.disconnect, self.ask, self.receive, self.connect_wrongly])()
        self.connect()

    def step(self):
        usual = [self.publish] * 8 + [self.subscribe] * 3 + [self.arrive] * 5 + [self.release_received] * 2
        usual += [self.receive] * (1 if self.callbacks else 3) + [self.ask] * 3 + [self.lose] * 2
        usual += [self.disconnect, self.connect, self.restart, self.unblock, self.plan]
        usual += [self.cut, self.stray]
        usual += [self.call_inside] * 3 + [self.lose_inside, self.leave] if self.callbacks else []
        usual += [self.fail_store] * (4 if self.store == "user" else 0) + [self.idle] * (not self.others)
        if not self.online and self.chance(0.6):
            self.connect()
        else:
            self.one_of(usual)()

    def end(self):
        if self.calm:
            self.settle()
        self.receive_all()
        if self.chance(0.7):
            self.disconnect()
        else:
            self.say("disconnect 0")
        self.say("destroy")


def story(seed):
    chances, lines = random.Random(seed), []
    clients = [Story(chances, lines)]
    if clients[0].chance(0.3):
        clients = group(chances, lines)
    elif clients[0].chance(0.1):
        lines.append("trace 4")
        clients[0].traced = True
    for client in clients:
        client.begin()
    at = 0
    for _ in range(8 + chances.randrange(14)):
        before, at = clients[at], chances.randrange(len(clients))
        if clients[at] is not before and not before.settled:
            before.settle()
        clients[at].step()
    for client in clients:
        client.end()
    return [" ".join(line.split()) if '"' not in line else line for line in lines]


def group(chances, lines):
    clients = [Story(chances, lines, name) for name in "abcd"[:chances.choice([2, 2, 3, 4])]]
    for client in clients:
        client.others = [each for each in clients if each is not client]
        if client.store == "user" and any(each.store == "user" for each in clients[:clients.index(client)]):
            client.store = "none"  # the driver has one only
    for client in clients:
        # avoids: receive-mode-of-one-client-beside-callbacks-of-another
        client.unheard = not client.callbacks and any(each.callbacks for each in client.others)
        client.calm = client.calm and client.store == "file" and not client.unheard
    return clients
