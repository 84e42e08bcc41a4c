"""What goes wrong in random stories: servers that answer late, in part, or with what nobody asked for; stores that fail now
and then; connections on which nothing happens."""
from vocabulary import packet

# Two and a half times the keep alive interval of 2 s, at which both libraries give up, with room on both sides.
INTERVAL, ONE_PING, GIVEN_UP, KEPT = 2, 2600, 5700, 5200
RETRIED = 11000  # ms: a message is sent again after 10 s


class Faults:
    """Its state is Story's."""

    # --- servers ------------------------------------------------------------------------------------------------

    def cut(self):
        """The connection ends inside a packet that the server sends."""
        if not self.online or self.keeps_more() or self.v5 and self.store != "none":  # avoids: v5-user-store
            return self.lose()
        self.before_loss()
        if not self.settled:
            self.settle()
        whole = self.one_of([self.inbound(self.random.randrange(3), 7), "40 02 00 01", "62 02 00 01", "d0 00",
                             packet(0x30, "00 01 74 " + ("00 " if self.v5 else "") + "'" + "x" * 100)]).split()
        words = whole[:self.random.randrange(1, len(whole))]
        how = self.one_of(["close", "reset", "shutdown"])
        if self.chance(0.5):
            self.say("broker send " + " ".join(words))
            if not self.callbacks:
                self.settle()
            self.say("broker " + how)
        else:
            self.say("broker send " + " ".join(words) + " " + how)
        if not self.callbacks:
            self.say("yield 2")
            self.say("yield")
        self.settle_after_end()
        return None

    def stray(self):
        """Acknowledgements for what nobody waits for (avoids: a-puback-for-a-qos-2-message, v5-user-store)."""
        if not self.online:
            return self.ask()
        if not self.settled:
            self.settle()
        wanted = self.one_of(["ff f0", "ff f1", "75 30"])
        kinds = [f"62 02 {wanted}", "d0 00"]
        if not self.completion_planned:  # avoids: acks-for-unknown-ids-with-callbacks
            kinds += [f"40 02 {wanted}", f"70 02 {wanted}"]
            if self.store == "none":  # a record that belongs to nothing
                kinds += [f"50 02 {wanted}"] * 2
            if self.v5:
                kinds += [f"40 03 {wanted} 10", f"40 04 {wanted} 00 00", f"70 03 {wanted} 92", f"62 03 {wanted} 92"]
        if not self.callbacks and not self.unheard:  # others would take it for their answer in the original
            kinds += [f"90 04 {wanted} 00 01", f"b0 04 {wanted} 00 00"] if self.v5 else [f"90 03 {wanted} 01",
                                                                                        f"b0 02 {wanted}"]
        self.say("broker send " + self.one_of(kinds))
        self.settle_all()
        return None

    # --- stores -------------------------------------------------------------------------------------------------

    def fail_store(self):
        """The store fails once in what follows."""
        if self.store != "user" or not self.settled or self.stuck or self.planned:
            return self.publish()
        # Not put (avoids: user-store-that-cannot-put, user-store-that-cannot-put-a-received-message).
        if self.chance(0.6) and self.online:
            self.fail_removal()
        else:
            functions = ["get", "contains", "keys"]
            if self.version not in (0, 5):  # avoids: connect-falls-back-to-3.1-for-bad-credentials
                functions += ["clear", "clear"]
            self.say(f"store fail {self.one_of(functions)} {self.one_of([-2, -1, 5])} {self.one_of([0, 0, 1, 2])} 1")
            self.one_of([self.publish, self.disconnect, self.connect, self.connect, self.lose])()
        if not self.settled:
            self.settle()
        self.say("store fail none")
        return None

    def fail_removal(self):
        """Not with -1 (avoids: user-store-remove-fails-with-the-code-of-a-socket-error), nor the message's own record before
        that of its PUBREL (avoids: user-store-remove-fails)."""
        self.orphans, code = True, self.one_of([-2, -3])
        if self.callbacks or self.v5 or self.chance(0.5):
            own, five = (0, "5") if self.v5 else (2, "")
            number = self.one_of([each for each in range(4) if each != own])
            self.say(f"store fail remove {code} {number} 1")
            self.say(f"publish{five} t x {self.one_of([1, 2])}")
            self.settle()
        else:
            self.say(f"store fail remove {code} {self.one_of([0, 0, 1, 2])} 1")
            self.release_received()
            self.receive_all()

    def create_over_a_failing_store(self):
        # avoids: user-store-restores, where a record of PUBREL is alone
        function = self.one_of(["open", "keys"] + ["get"] * (not self.orphans))
        self.say(f"store fail {function} {self.one_of([-2, -1])} {self.one_of([0, 0, 1]) if function == 'get' else 0} 1")
        self.say("create store=user" + (" version=5" if self.v5 else ""))
        self.say("destroy")
        self.say("store fail none")

    # --- time ---------------------------------------------------------------------------------------------------

    def idle(self):
        """A connection on which nothing happens but the keep alive. Of one client alone, as the latest connect sets the
        interval for all in the original."""
        if self.others or self.calm or self.stuck or self.nul:
            return self.ask()
        self.interval = INTERVAL
        self.connect()
        self.interval = None
        if not self.online or self.stuck or not self.settled:
            return None
        kind = self.one_of(["quiet", "late", "given up", "kept", "retried"])
        if kind == "retried" and (not self.callbacks or self.v5 or self.tokens or self.resent or self.traced):
            kind = "given up"  # avoids: v5-retry-interval-does-not-resend, a-second-resend-does-not-go-on
        publish = "publish5" if self.v5 else "publish"
        if kind == "retried":
            self.say("broker once PUBLISH none")
            self.say(f"publish t x {self.one_of([1, 2])}")
            self.say(f"sleep {RETRIED}")
            self.resent = True
        else:
            if kind == "late":
                self.say("broker once PINGREQ after 1000")
            elif kind in ("given up", "kept"):
                self.before_loss()
                self.say("broker once PINGREQ none")
            self.say(f"{publish} t x 0")
            if kind == "kept":
                self.say("broker later 4000 d0 00" if not self.callbacks else "broker later 4000 " + self.inbound(0, 0))
            self.wait({"given up": GIVEN_UP, "kept": KEPT}.get(kind, ONE_PING))
        self.say("broker usual")
        if kind == "given up":
            self.settle_after_end()
        else:
            self.disconnect()
        return None

    def wait(self, milliseconds):
        """Nothing but the library's own work (avoids: keepalive-ends-a-silent-connection)."""
        self.say(f"sleep {milliseconds}" if self.callbacks else f"yield {milliseconds // 100}")
