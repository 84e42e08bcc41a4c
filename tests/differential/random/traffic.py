"""The traffic of random stories: publishing, subscribing, receiving."""
import re

from vocabulary import (ERROR_CODES_5, FILTERS, OWN_PROPERTIES, PAYLOADS, PUBLISH_PROPERTIES,
                        SUBSCRIBE_PROPERTIES, TOPICS, UNSUBSCRIBE_PROPERTIES, WORDS, packet, size)


class Traffic:
    """The part of a story that has a connection; its state is Story's."""

    # --- publishing ---------------------------------------------------------------------------------------------

    def publication(self, qos):
        as_message = self.chance(0.4)
        five = self.v5 if self.chance(0.93) else not self.v5
        words = ["publishmessage" if as_message else "publish"]
        if five:
            words[0] += "5"
        topic = self.one_of(TOPICS) if self.chance(0.3) else "t"
        payload = self.one_of(PAYLOADS[:-1] if self.store == "user" else PAYLOADS)  # the driver's store is small
        if self.v5 and topic == '""':
            topic = "t"  # avoids: v5-publish-checks-its-arguments
        words += [topic, payload, str(qos), str(self.one_of([0, 0, 1]))]
        if not self.renamed and self.chance(0.1):
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
        qos = self.random.randrange(3)
        line, fails = self.publication(qos)
        if self.stuck >= self.window:
            return self.unblock()  # it would wait for ever
        if not self.online or fails or qos == 0:
            self.say(line)
            return None
        reactions = ["usual"] * 5 + ["delay", "twice", "code"]
        if not self.calm:
            reactions += ["withhold", "hold"]
            reactions += [] if self.keeps_more() else ["end", "cut"]
            reactions += [] if self.planned or self.keeps_more() else ["end-after"]  # the callback and the end would race
        reaction = self.one_of(reactions)
        wait = None
        if reaction == "twice" and self.planned:
            reaction = "usual"  # avoids: acks-for-unknown-ids-with-callbacks
        if reaction != "usual" and not self.settled:
            self.settle()
        if reaction in ("end", "end-after", "cut"):
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
        elif reaction in ("end", "end-after", "cut"):
            how = self.one_of(["close", "reset"])
            kind = "PUBREL" if qos == 2 and self.chance(0.5) else "PUBLISH"
            first = {"PUBREL": "70 02 ID", "PUBLISH": "40 02 ID" if qos == 1 else "50 02 ID"}[kind]
            first = {"end": "", "end-after": first, "cut": self.one_of([first[:2], first[:5], first[:5] + " 00"])}[reaction]
            self.say(f"broker once {kind} {first} {how}")
        self.say(line)
        if wait:
            self.say(wait)
        if reaction in ("end", "end-after", "cut"):
            self.tokens += 1
            self.settle()
            self.settle_after_end()
        elif reaction != "usual" or self.renamed or self.chance(0.5):
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
        if not self.settled:
            self.settle()
        removing = self.chance(0.35)
        many = self.chance(0.4)
        five = self.v5 if self.chance(0.93) else not self.v5
        verb = ("unsubscribe" if removing else "subscribe") + ("many" if many else "") + ("5" if five else "")
        count = self.random.randrange(1, self.one_of([5, 5, 14])) if many else 1
        filters = []
        for _ in range(count):
            each = self.one_of(FILTERS) if self.chance(0.5) else "t:1"
            filters.append(each.rsplit(":", 1)[0] if removing else each)
        words = [verb] + filters
        if five and not removing and self.chance(0.3):
            words.append(self.one_of(["nolocal=1", "asis=1", "handling=2", "nolocal=1 asis=1 handling=1"]))
        if five and self.chance(0.2):
            words.append("props=" + self.one_of(UNSUBSCRIBE_PROPERTIES if removing else SUBSCRIBE_PROPERTIES))
        kind, cut = "UNSUBSCRIBE" if removing else "SUBSCRIBE", False
        if self.online and self.chance(0.4):
            self.say(f"broker once {kind} {self.answer_to_request(removing, count)}")
        elif self.online and self.chance(0.15):
            self.say(f"broker once {kind} after {self.one_of([150, 400])}")
        elif self.online and not self.callbacks and not self.calm and self.chance(0.15):
            # avoids: subscribe-while-the-broker-resets-with-callbacks
            cut = True
            self.before_loss()
            first = "b0" if removing else "90"
            self.say(f"broker once {kind} {self.one_of(['', first, first + ' 05', first + ' 05 ID'])} close")
        self.say(" ".join(words))
        self.say("broker usual")
        self.settle()
        if cut and "NULL" not in " ".join(words):
            self.say("yield")
            self.lose() if self.chance(0.5) else self.disconnect()

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
        if self.v5 and self.store != "none":
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
        if self.v5 and self.store != "none":
            return  # avoids: v5-user-store
        if self.queued > 20 and not self.callbacks:
            self.receive_all()
        packets = []
        for _ in range(self.one_of([1, 1, 1, 2, 3, 6])):
            qos = self.random.randrange(3)
            packet_id = self.next_id
            self.next_id = self.next_id % 65535 + self.one_of([1, 1, 1, 1000])
            if qos == 2:
                packets.append(self.inbound(2, packet_id))
                if self.chance(0.2):
                    packets.append(self.inbound(2, packet_id, dup=True))
                if self.calm or self.chance(0.6):
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
            at = self.random.randrange(1, len(words))
            if not re.fullmatch("c[1-9]", words[at]):  # that would be a connection
                self.say("broker send " + " ".join(words[:at]))
                packets[0] = " ".join(words[at:])
        self.say("broker send " + " ".join(packets))
        if not self.callbacks and not self.unheard and self.settled and len(packets) == 1 and self.chance(0.3):
            self.say(f"receive {self.one_of([50, 200])}")
        self.settle()

    def receive(self):
        # avoids: receive-mode-of-one-client-beside-callbacks-of-another
        if self.unheard or self.others and self.callbacks and not self.online:
            return
        if not self.settled:
            self.settle()  # avoids: receive-returns-queued-messages-in-order
        self.say(f"receive {self.one_of([0, 100])}")
        self.queued = max(0, self.queued - 1)

    def receive_all(self):
        if self.online and not self.callbacks and not self.unheard:
            for _ in range(self.queued + 2 if self.queued else 0):  # some come twice
                self.say("receive 50")
            self.queued = 0
