"""Random stories: calls and broker reactions from a seed. The same seed always gives the same story.

The stories keep away from what docs/differences.md lists; each avoidance below is marked `avoids:` with the story that
shows the difference. What cannot be avoided is normalised in compare.py.
"""
import random

from connecting import Connecting
from ending import Ending
from faults import Faults
from inside import Inside
from traffic import Traffic


class Story(Connecting, Traffic, Inside, Ending, Faults):
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
