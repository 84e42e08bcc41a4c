"""How clients of random stories are made and connect, and to what kind of server."""
from vocabulary import CONNACK_PROPERTIES, CONNECT_PROPERTIES, WILL_PROPERTIES, packet, size


class Connecting:
    """The beginnings of a story's connections; its state is Story's."""

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
