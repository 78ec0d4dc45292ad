#!/usr/bin/env python3
"""A second ledger: replays what `weir-sim traces` writes, and compares to the last grain.

weir-sim traces --seed 1 --count 100000 | scripts/ledger.py -
weir-sim traces --seed 1 --count 100000 --shared > traces; scripts/ledger.py --reference research/bme_sim.py traces

It is written from the specification alone: the identity and the formulas of the economics (sections 2.2, 2.3, 2.4 and 2.6),
and the design's decisions on pending credits, sponsored fees and rounding. It shares no code with the chain. With
--reference the operations are given to the class `Ledger` of the research's model instead, one by one from the state that
the trace has, and every difference must be one of those that are known (KNOWN below).

The rules, in the order of the document:

  identity    I + R + D + B + Z + X = 10^9 tokens of 10^12 grains
              I = genesis + emitted + insured + reminted - burned
              reminted + B + Z + X + recredited = burned;  C = 0 => B = 0;  C_pending <= C
  buy         t = ceil(c * 10^24 / P_lo): burned into B, C grows by c. Neither may be zero, and t must exist
  stable      C and C_pending grow by c > 0
  back        t grains are burned into B for c of C_pending; neither may be zero
  settle      at most C - C_pending; c = 0 moves nothing. b = floor(B * c / (C - C_pending)).
              need = floor(c * rho * 10^24 / P_hi), rho the sum of the three shares. Paid is what b, Z and the insurance
              (min of D and of its share of the newest slice) have, in this order. Each of the three is minted its part of
              what is paid, rounded down. What b has beyond the minted is the surplus: min(fill * surplus,
              max(0, target * (B - b) - Z)) of it goes to Z, the rest to X
  schedule    E = floor(R * lambda / 10^18); validators 15 %, attestors 10 %, treasury 10 %, each rounded down, and the slice
              is the rest: R -> D. Of D what exceeds 365 slices flows back. The three parts stay in R until they are minted
  emit        R -> I or D -> I
  availability  min(want, D, (1 + K) * slice), D -> I
  recredit    min(what was destroyed since the last one, its share of the first epoch's emission): X -> R
  destroy     I -> X, burned
  give_back, return_reserve  I -> D and I -> R, never more than was emitted
  sweep, sponsor  c <= C - C_pending: C falls by c, ceil(B * c / C) goes B -> X

What asks for more than there is, is refused and changes nothing; so is what would leave the 128 bits of a counter.

Needs Python 3.9, no package.
"""

import argparse
import importlib.util
import sys
from collections import Counter

CAP = 10**9 * 10**12
SCALE = 10**24  # grains of a token, times units of a price, by micro-dollars of a dollar
MILLION = 10**6
MOST = 2**128 - 1
STATE = "I R D B Z X C pending burned reminted insured emitted recredited".split()
TERMS = "issuance provider attestor treasury target fill insurance slices lambda recredit".split()


class Refused(Exception):
    """The operation asks for what is not there."""


def ceil_div(numerator, denominator):
    return (numerator + denominator - 1) // denominator


def need(condition):
    if not condition:
        raise Refused


class Ledger:
    """What exists, what will, what is gone, and what is owed for it."""

    def __init__(self, terms):
        self.terms = terms
        self.genesis = terms["issuance"]
        for name in STATE:
            setattr(self, name, 0)
        self.I, self.R = self.genesis, CAP - self.genesis
        self.slice = 0
        self.fresh = 0  # destroyed since the last recredit
        self.seen = []  # what seldom happens, and did
        self.most_recredited = self.emission() * terms["recredit"] // MILLION

    def state(self):
        return [getattr(self, name) for name in STATE]

    def broken(self):
        """The first law that does not hold."""
        if min(self.state()) < 0:
            return "a counter is below zero"
        if self.I + self.R + self.D + self.B + self.Z + self.X != CAP:
            return "the six counters are not the cap"
        if self.I != self.genesis + self.emitted + self.insured + self.reminted - self.burned:
            return "issuance is not what was minted less what was burned"
        if self.reminted + self.B + self.Z + self.X + self.recredited != self.burned:
            return "what was burned is not accounted for"
        if self.C == 0 and self.B != 0:
            return "a basis without credits"
        if self.pending > self.C:
            return "more credits pend than there are"
        return None

    def emission(self):
        return self.R * self.terms["lambda"] // 10**18

    def burn_into(self, counter, tokens):
        self.I -= tokens
        self.burned += tokens
        setattr(self, counter, getattr(self, counter) + tokens)

    def mint_from(self, counter, tokens):
        setattr(self, counter, getattr(self, counter) - tokens)
        self.I += tokens
        self.emitted += tokens

    def buy(self, credits, price):
        need(credits > 0 and price > 0)
        tokens = ceil_div(credits * SCALE, price)
        need(tokens <= self.I and self.C + credits <= MOST and self.burned + tokens <= MOST)
        self.burn_into("B", tokens)
        self.C += credits
        return [tokens]

    def stable(self, credits):
        need(credits > 0 and self.C + credits <= MOST)
        self.C += credits
        self.pending += credits
        return ["done"]

    def back(self, credits, tokens):
        need(0 < credits <= self.pending and 0 < tokens <= self.I)
        self.pending -= credits
        self.burn_into("B", tokens)
        return ["done"]

    def settle(self, credits, price):
        need(price > 0)
        terms = self.terms
        backed = self.C - self.pending
        credits = min(credits, backed)
        if credits == 0:
            return [0] * 11
        basis = self.B * credits // backed
        rho = terms["provider"] + terms["attestor"] + terms["treasury"]
        wanted = credits * rho * SCALE // (price * MILLION)
        insurance = min(self.D, self.slice * terms["insurance"] // MILLION)
        paid = min(wanted, basis + self.Z + insurance)
        parts = [paid * terms[who] // rho for who in ("provider", "attestor", "treasury")]
        minted = sum(parts)
        from_basis = min(minted, basis)
        from_buffer = min(minted - from_basis, self.Z)
        insured = minted - from_basis - from_buffer
        self.C -= credits
        self.B -= basis
        self.Z -= from_buffer
        self.D -= insured
        self.seen += [what for what, tokens in (("buffer", from_buffer), ("insurance", insured)) if tokens]
        self.seen += ["haircut"] if paid < wanted else []
        surplus = basis - from_basis
        room = max(0, self.B * terms["target"] // MILLION - self.Z)
        kept = min(surplus * terms["fill"] // MILLION, room)
        gone = surplus - kept
        self.Z += kept
        self.X += gone
        self.fresh += gone
        self.I += minted
        self.reminted += from_basis + from_buffer
        self.insured += insured
        haircut = (wanted - paid) * MILLION // wanted if wanted else 0
        return [credits, min(wanted, MOST), *parts, basis, kept, gone, from_buffer, insured, haircut]

    def schedule(self):
        emission = self.emission()
        parts = [emission * share // 100 for share in (15, 10, 10)]
        self.slice = emission - sum(parts)
        self.R -= self.slice
        self.D += self.slice
        overflow = max(0, self.D - 365 * self.slice)
        self.D -= overflow
        self.R += overflow
        self.seen += ["overflow"] if overflow else []
        return [emission, self.slice, *parts]

    def emit_reserve(self, tokens):
        need(tokens <= self.R)
        self.mint_from("R", tokens)
        return ["done"]

    def emit_bucket(self, tokens):
        need(tokens <= self.D)
        self.mint_from("D", tokens)
        return ["done"]

    def availability(self, credits, price):
        wanted = min(credits * SCALE // price, MOST)
        tokens = min(wanted, self.D, (1 + self.terms["slices"]) * self.slice)
        self.mint_from("D", tokens)
        return [wanted, tokens]

    def recredit(self):
        tokens = min(self.fresh, self.most_recredited, self.X)
        self.X -= tokens
        self.R += tokens
        self.recredited += tokens
        self.fresh = 0
        return [tokens]

    def destroy(self, tokens):
        need(tokens <= self.I)
        self.burn_into("X", tokens)
        self.fresh += tokens
        return ["done"]

    def unmint_into(self, counter, tokens):
        need(tokens <= self.I and tokens <= self.emitted)
        self.I -= tokens
        self.emitted -= tokens
        setattr(self, counter, getattr(self, counter) + tokens)
        return ["done"]

    def give_back(self, tokens):
        return self.unmint_into("D", tokens)

    def return_reserve(self, tokens):
        return self.unmint_into("R", tokens)

    def retire(self, credits):
        need(credits <= self.C - self.pending)
        tokens = ceil_div(self.B * credits, self.C) if credits else 0
        self.C -= credits
        self.B -= tokens
        self.X += tokens
        self.fresh += tokens
        return [tokens]

    sweep = sponsor = retire


OPERATIONS = {
    name: getattr(Ledger, name)
    for name in "buy stable back settle schedule emit_reserve return_reserve emit_bucket availability recredit destroy "
    "give_back sweep sponsor".split()
}


def numbers(text):
    return [int(word) for word in text.split()]


class Bad(Exception):
    """A line that is not as it should be."""


def replay(lines):
    """Replays every trace. Returns how many there were, how many operations, how often each did what."""
    ledger, traces, operations, tally, ended = None, 0, 0, Counter(), None
    for number, line in enumerate(lines, 1):
        line = line.rstrip("\n")
        head, _, rest = line.partition(" = ")
        name, *given = head.split()
        if name == "trace":
            _, *terms = numbers(head[6:])
            ledger = Ledger(dict(zip(TERMS, terms)))
            traces += 1
            outcome, state = None, rest
        elif name == "end":
            ended = [int(word) for word in given]
            continue
        else:
            claimed, _, state = rest.partition(" ; ")
            before = ledger.slice
            try:
                result = OPERATIONS[name](ledger, *map(int, given))
                outcome = " ".join(map(str, result))
            except Refused:
                outcome = "refused"
            if outcome != claimed:
                raise Bad(f"line {number}: {head}: here {outcome}, there {claimed}; newest slice {before}")
            operations += 1
            tally[name, outcome == "refused"] += 1
            tally.update(ledger.seen)
            ledger.seen = []
        own = " ".join(map(str, ledger.state()))
        if own != state:
            named = [
                f"{what} here {here}, there {there}"
                for what, here, there in zip(STATE, own.split(), state.split())
                if here != there
            ]
            raise Bad(f"line {number}: after {head}: {'; '.join(named)}")
        broken = ledger.broken()
        if broken:
            raise Bad(f"line {number}: after {head}: {broken}")
    if ended != [traces, operations]:
        raise Bad(f"the end says {ended}, there were {traces} traces with {operations} operations")
    return traces, operations, tally


# Where the research's model and the specification differ, each with the most that one operation may differ by.
KNOWN = {
    "need rounded twice": "settle: the model rounds the credits' share to whole micro-dollars before it divides by the price: "
    "less by at most one micro-dollar's worth, minted and so destroyed instead",
    "three parts": "settle: the chain mints to providers, attestors and treasury, each rounded down: at most 2 grains less",
    "buffer room": "settle: follows from the first two, for half of a surplus goes into the buffer",
    "slice": "schedule: the model rounds the slice down and mints the rest at once; the chain rounds what it mints down: "
    "at most 3 grains",
}


def compare(path, lines):
    """Gives every operation to the research's class from the trace's own state, and sorts the differences."""
    spec = importlib.util.spec_from_file_location("reference", path)
    reference = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(reference)
    fields = "issuance reserve bucket basis stab destroyed credits".split(), "I R D B Z X C".split()
    counters = "burned reminted insured emitted recredited".split()
    traces = operations = 0
    differences, exact, largest = Counter(), Counter(), Counter()
    state, slice_, fresh, epoch = None, 0, 0, None

    def load(state, fresh):
        model = reference.Ledger()
        for theirs, ours in zip(*fields):
            setattr(model, theirs, state[ours])
        for counter in counters:
            setattr(model, counter, state[counter])
        model.epoch_destroyed = fresh
        return model

    def note(what, amount):
        differences[what] += 1
        largest[what] = max(largest[what], amount)

    for number, line in enumerate(lines, 1):
        head, _, rest = line.rstrip("\n").partition(" = ")
        name, *given = head.split()
        if name == "end":
            break
        if name == "trace":
            traces += 1
            state, slice_, fresh, epoch = dict(zip(STATE, numbers(rest))), 0, 0, None
            model = reference.Ledger()
            if [getattr(model, theirs) for theirs in fields[0]] != [state[ours] for ours in fields[1]]:
                raise Bad(f"line {number}: the model begins with {model.issuance}")
            continue
        claimed, _, text = rest.partition(" ; ")
        after = dict(zip(STATE, numbers(text)))
        given = list(map(int, given))
        operations += 1
        model = load(state, fresh)
        own = {ours: None for ours in fields[1]}

        def read():
            own.update({ours: getattr(model, theirs) for theirs, ours in zip(*fields)})
            own.update({counter: getattr(model, counter) for counter in counters})

        def differing():
            return {what: own[what] - after[what] for what in own if own[what] != after[what]}

        where = f"line {number}: {head}"
        if name == "buy":
            tokens = model.buy(*given)
            read()
            if (tokens is None) != (claimed == "refused") or differing():
                raise Bad(f"{where}: the model burns {tokens} and differs in {differing()}")
            exact[name] += 1
        elif name == "availability":
            wanted, _ = numbers(claimed)
            model.mint_availability(wanted, slice_)
            read()
            if differing():
                raise Bad(f"{where}: the model differs in {differing()}")
            exact[name] += 1
        elif name == "settle":
            credits, price = min(given[0], state["C"]), given[1]
            if credits:
                model.settle(credits, price, slice_ * reference.INS_SHARE // reference.PPM)
            read()
            found = differing()
            # A micro-dollar's worth, and what three parts lose.
            limit = SCALE // price + 1 + 2
            if set(found) - set("I B D Z X reminted insured".split()) or max(map(abs, found.values()), default=0) > limit:
                raise Bad(f"{where}: the model differs by {found}, more than {limit}")
            if not found:
                exact[name] += 1
            else:
                gap = abs(found.get("I", 0))
                if gap > 2:
                    note("need rounded twice", gap)
                elif gap:
                    note("three parts", gap)
                else:
                    note("buffer room", max(map(abs, found.values())))
            fresh += after["X"] - state["X"]
        elif name == "recredit":
            # Begins the model's epoch: the operations that end it follow.
            epoch = model
        elif name == "schedule":
            _, slice_, *_ = numbers(claimed)
        elif name == "emit_reserve":
            if epoch is None:
                raise Bad(f"{where}: an epoch that did not begin")
            model = epoch
            prov = model.epoch_emission()
            read()
            found = differing()
            overflowed = state["D"] == 365 * slice_
            if overflowed or set(found) - set("I R D emitted".split()) or max(map(abs, found.values()), default=0) > 3:
                raise Bad(f"{where}: the model differs by {found}")
            if found:
                note("slice", abs(prov - slice_))
            else:
                exact["epoch"] += 1
            epoch, fresh = None, 0
        else:
            raise Bad(f"{where}: the model has no {name}; write the traces with --shared")
        state = after
    print(f"{traces} traces, {operations} operations")
    for name, count in sorted(exact.items()):
        print(f"  equal: {name} {count}")
    for what, count in sorted(differences.items()):
        print(f"  {what}: {count} times, at most {largest[what]} grains. {KNOWN[what]}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--reference", metavar="BME_SIM", help="compare with the class Ledger of the research's model")
    parser.add_argument("traces", help="a file, or - for standard input")
    arguments = parser.parse_args()
    lines = sys.stdin if arguments.traces == "-" else open(arguments.traces, encoding="ascii")
    try:
        if arguments.reference:
            compare(arguments.reference, lines)
            return
        traces, operations, tally = replay(lines)
    except Bad as bad:
        sys.exit(f"FAIL {bad}")
    print(f"{traces} traces, {operations} operations: equal to the last grain, every law after every step")
    for name in OPERATIONS:
        print(f"  {name}: {tally[name, False]} done, {tally[name, True]} refused")
    print(
        f"  settled with the buffer {tally['buffer']}, with insurance {tally['insurance']}, with a haircut {tally['haircut']}; "
        f"the bucket overflowed {tally['overflow']} times"
    )


if __name__ == "__main__":
    main()
