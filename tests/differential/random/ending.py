"""How connections of random stories end: by the program, by the server, and with the client."""
from vocabulary import DISCONNECT_PROPERTIES, MALFORMED, MALFORMED_5


class Ending:
    """The ends of a story's connections; its state is Story's."""

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
