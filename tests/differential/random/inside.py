"""Calls that random stories make inside callbacks."""
from vocabulary import LEAVING


class Inside:
    """What callbacks do; its state is Story's.

    Never connect in connectionLost (avoids: connect-from-connection-lost). Every other call there waits 5 s in the original
    and then works, but the original does not always survive it beside other clients."""

    def plan(self):
        """What a callback is to do (avoids: subscribe-from-message-arrived, waiting-in-message-arrived,
        a-refused-message-is-offered-again)."""
        if self.callbacks:
            self.planned = True
            calls = ["on arrived do isconnected", "on arrived do pending", "on arrived do wait 1 0",
                     "on complete do isconnected", "on complete do pending", "on arrived do publish NULL x 1"]
            if not self.others:  # avoids: receive-mode-of-one-client-beside-callbacks-of-another
                calls.append("on arrived do receive 10")
            self.say(self.one_of(calls))
            self.plan_completion()

    def plan_completion(self):
        for each in [self, *self.others]:
            each.completion_planned = True

    def call_inside(self):
        """Something happens, and the callback calls what may change more (avoids: what `plan` avoids)."""
        # With a trace, the lines of two threads would race.
        if not self.online or self.planned or self.traced or self.stuck >= self.window:
            return self.plan()
        if not self.settled:
            self.settle()
        calls = ["isconnected", "pending", "timeout 5000", "callbacks"]
        other = self.another()
        if other is not None:
            calls += [f"@{other.name} publish t x {self.random.randrange(3)}", f"@{other.name} pending",
                      f"@{other.name} isconnected"]
        alive = calls + [f"publish t x {self.random.randrange(3)}"] * 4 + ["publishmessage a/b hello 1"] * 2
        where = self.one_of(["arrived", "arrived", "complete"])
        if where == "arrived" and self.v5 and self.store != "none":
            where = "complete"  # avoids: v5-user-store
        if where == "arrived":
            self.say(f"on arrived do {self.one_of(alive)}")
            self.say("broker send " + self.inbound(0, 0))
            self.settle_all()
        else:
            if self.v5:
                # avoids: v5-pending-tokens-in-published
                alive = [call for call in alive if call not in ("pending", "callbacks")]
            self.plan_completion()
            self.say(f"on {'published' if self.v5 else 'complete'} do {self.one_of(alive)}")
            self.say(f"publish{'5' if self.v5 else ''} t x {self.one_of([1, 2])}")
            self.settle_all()
        return None

    def another(self):
        """A client that can be called now, too."""
        ready = [each for each in self.others if each.online and each.stuck < each.window and each.settled]
        return self.one_of(ready) if ready else None

    def calls_at_an_end(self, wait):
        """What a callback about the end of a connection may call."""
        five = "5" if self.v5 else ""
        own = ["isconnected", "pending", "timeout 5000", "callbacks", "yield", f"disconnect{five} 0", f"wait 1 {wait}",
               f"publish{five} t x {self.random.randrange(3)}", f"publishmessage{five} a/b hello 1",
               f"subscribe{five} t:1", f"unsubscribe{five} t", f"subscribemany{five} t:1 a/b:2"]
        if not self.others:  # avoids: receive-mode-of-one-client-beside-callbacks-of-another
            own.append("receive 10")
        other = self.another()
        if other is not None:
            five = "5" if other.v5 else ""
            own += [f"@{other.name} publish{five} t x {self.random.randrange(3)}", f"@{other.name} pending",
                    f"@{other.name} isconnected"] * 2
        return own

    def lose_inside(self):
        """The connection ends, and connectionLost calls."""
        if self.online and self.hears_loss and not self.planned and not self.traced and not self.others:
            if not self.settled:
                self.settle()
            self.say(f"on lost do {self.one_of(self.calls_at_an_end(7000))}")
        self.lose()
        self.settle_all()

    def leave(self):
        """The server says that the connection ends, and `disconnected` calls (avoids: v5-server-disconnect-alone,
        v5-server-disconnect-without-its-callback)."""
        if not self.online or not self.hears_leaving or self.traced:
            return self.lose_inside()
        if not self.settled:
            self.settle()
        again = None
        if self.chance(0.7) and not self.planned:
            call = self.one_of(self.calls_at_an_end(200))
            # avoids: a-connect-resends-what-other-clients-have-sent
            if self.chance(0.4) and not (self.tokens and any(each.online and each.tokens for each in self.others)):
                again = " ".join(self.connect_words())
                call = again
            self.say(f"on disconnected do {call}")
        self.say(f"broker send {self.one_of(LEAVING)}")
        clean = self.clean
        self.settle_after_end()
        if again is not None:
            self.connected_again(clean)
        self.settle_all()
        return None

    def connected_again(self, clean):
        self.online = True
        self.stuck = 0
        self.tokens = 0
        if clean:
            self.open_ids = []

    def settle_all(self):
        self.settle()
        for each in self.others:
            each.settle()
