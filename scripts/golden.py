#!/usr/bin/env python3
"""Computes math/golden/*.txt by docs/protocol.md: a second implementation, which shares no code with the chain.

scripts/golden.py           fail if a line says something else than the document
scripts/golden.py --fill    put the results where a line has question marks

A line is one case: its kind, what is given, what follows; the comment above says what stands where. To add a case, write
a `?` for each result, fill, and run `cargo test -p weir-math --test golden`, which holds the lines against the chain's
code. Of location.txt only the reading of math/src/location/table.bin is checked; scripts/distances.py makes the table.

Needs Python 3.9, no package.
"""

import hashlib
import inspect
import math
import sys
from fractions import Fraction
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
GOLDEN = ROOT / "math/golden"
TABLE = ROOT / "math/src/location/table.bin"
REGIONS = ROOT / "math/src/region.rs"

WORD = 2**64 - 1
KINDS = {"test": 0, "admission": 1, "escalation": 2}
# Section 6.
GROUPS = 24
MEASURE_FROM = {"public": 10, "local": 1}
GROUP_SLOTS = {"public": 148, "local": 1}
LEAD_SLOTS = {"public": 3, "local": 2}
# Section 9.5.
PART = 64
# Section 8.3.
LARGEST_QUOTA_KBPS = 50_000
# Section 12.
LEAST_CLAIM_KBPS = 1_000
LEAST_SLASHING_COMMITTEE = 7
BOND_PPB = 10**9
# Section 13: how many are drawn, and places that are looked at beyond those, where seats drop out.
WATCHERS, COUNTRY_WATCHERS, CONFIRMERS, REPORTERS, SPARE = 5, 2, 9, 3, 4


def u32(value: int) -> bytes:
    return value.to_bytes(4, "little")


def blake2b_256(*parts: bytes) -> bytes:
    return hashlib.blake2b(b"".join(parts), digest_size=32).digest()


def integer(data: bytes) -> int:
    return int.from_bytes(data, "little")


def numbers(found) -> str:
    return ",".join(map(str, found)) or "-"


def mix(word: int) -> int:
    word = ((word ^ (word >> 30)) * 0xBF58476D1CE4E5B9) & WORD
    word = ((word ^ (word >> 27)) * 0x94D049BB133111EB) & WORD
    return word ^ (word >> 31)


class Permutation:
    """Section 8.1."""

    def __init__(self, seed: bytes, domain: bytes, n: int):
        digest = hashlib.blake2b(b"weir/permutation/v1" + seed + domain).digest()
        words = [integer(digest[at : at + 8]) for at in range(0, 64, 8)]
        self.keys = [mix(words[r % 8] ^ r) for r in range(24)]
        self.n = n
        self.columns = math.isqrt(n - 1) + 1 if n else 0
        self.last_row = (n - 1) // self.columns if n else 0
        self.last_width = n - self.last_row * self.columns

    def rotated(self, r: int, row: int, column: int, sign: int) -> tuple[int, int]:
        def rot(line: int, m: int) -> int:
            return ((mix((self.keys[r] + line * 0x9E3779B97F4A7C15) & WORD) >> 32) * m) >> 32

        if r % 2 == 0:
            m = self.last_width if row == self.last_row else self.columns
            return row, (column + sign * rot(row, m)) % m
        m = self.last_row + 1 if column < self.last_width else self.last_row
        return (row + sign * rot(column, m)) % m, column

    def image(self, x: int) -> int:
        row, column = divmod(x, self.columns)
        for r in range(24):
            row, column = self.rotated(r, row, column, 1)
        return row * self.columns + column

    def preimage(self, y: int) -> int:
        row, column = divmod(y, self.columns)
        for r in reversed(range(24)):
            row, column = self.rotated(r, row, column, -1)
        return row * self.columns + column


# permutation.txt


def permutation(seed: str, domain: str, n: str, x: str) -> list:
    pi = Permutation(bytes.fromhex(seed), bytes.fromhex(domain.strip("-")), int(n))
    image = pi.image(int(x))
    assert pi.preimage(image) == int(x), "the inverse does not undo it"
    return [image]


# committee.txt, sections 8.2 and 8.3


def ordinal(seed: str, kind: str, klass: str, position: str, n: str) -> list:
    domain = bytes([0, KINDS[kind], int(klass), 0])
    return [Permutation(bytes.fromhex(seed), domain, int(n)).image(int(position))]


def members(seed: str, kind: str, klass: str, tier: str, seats: str, k_eff: str, ordinal: str) -> list:
    domain = bytes([1, KINDS[kind], int(klass), int(tier)])
    m = int(seats)
    pi = Permutation(bytes.fromhex(seed), domain, m)
    place = {seat: (pi.image(seat) - int(ordinal) * int(k_eff)) % m for seat in range(m)}
    return [numbers(sorted((seat for seat in place if place[seat] < int(k_eff)), key=place.get))]


# schedule.txt, sections 8.4 and 9.3


def starts_in(rho: bytes, group: int, kind: int, klass: int, ordinal: int) -> int:
    drawn = blake2b_256(b"weir/schedule/v1", rho, bytes([kind, klass]), u32(ordinal))
    return int(integer(drawn[:8]) % (GROUPS - group) == 0) if group < GROUPS else 0


def runs(rho: str, group: str, kind: str, klass: str, ordinal: str) -> list:
    return [starts_in(bytes.fromhex(rho), int(group), KINDS[kind], int(klass), int(ordinal))]


def start(preset: str, group: str, kind: str, klass: str, ordinal: str) -> list:
    slots = GROUP_SLOTS[preset]
    in_group = (int(ordinal) + (KINDS[kind] * 2 + int(klass)) * slots // 6) % slots
    return [MEASURE_FROM[preset] + int(group) * slots + LEAD_SLOTS[preset] + in_group]


def submit(begin: str, end: str, seat_hash: str) -> list:
    width = int(end) - int(begin)
    spread = width - max(width // 4, min(8, width // 2))
    return [int(begin) + (integer(bytes.fromhex(seat_hash)[:8]) % spread if spread else 0)]


def prefix(seed: str, prefix: str) -> list:
    return [integer(blake2b_256(b"weir/schedule/v1", b"prefix", bytes.fromhex(seed), bytes.fromhex(prefix))[:4])]


def prefix_runs(rho: str, group: str, seed: str, line: str) -> list:
    return [starts_in(bytes.fromhex(rho), int(group), 3, 0, prefix(seed, line)[0])]


# location.txt, section 12


def checksum() -> list:
    return [blake2b_256(TABLE.read_bytes()).hex()]


def pair(first: str, second: str) -> list:
    codes = [part[:2] for part in REGIONS.read_text(encoding="utf-8").split('*b"')[1:]]
    column, row = sorted((codes.index(first), codes.index(second)))
    return [TABLE.read_bytes()[row * (row - 1) // 2 + column] * 100 if row != column else 0]


# audit.txt, section 9.5


def audit_seed(groups: str) -> list:
    recorded = [group.split(":") for group in groups.split(",")] if groups != "-" else []
    parts = [bytes([int(group)]) + bytes.fromhex(rho) for group, rho in recorded]
    return [blake2b_256(b"weir/audit-seed/v1", *parts).hex()]


def positions(seed: str, node: str, entries: str) -> list:
    def drawn(part: int) -> int:
        given = (bytes.fromhex(seed), u32(part), bytes.fromhex(node))
        return part * PART + integer(blake2b_256(b"weir/audit/v1", *given)[:8]) % PART

    parts = range(math.ceil(int(entries) / PART))
    return [numbers(position for position in map(drawn, parts) if position < int(entries))]


# outage.txt, section 13


def asked(pi: Permutation, number: int, width: int) -> list[int]:
    """The seats at places width·number … width·number + width + 3 of the circle, each once."""
    return [pi.preimage((number * width + passed) % pi.n) for passed in range(min(width + SPARE, pi.n))]


def watchers(seed: str, seats: str, number: str) -> list:
    return [numbers(asked(Permutation(bytes.fromhex(seed), bytes([2, 0, 0, 0]), int(seats)), int(number), WATCHERS))]


def country(seed: str, code: str, seats: str, number: str) -> list:
    pi = Permutation(bytes.fromhex(seed), bytes([3, int(code), 0, 0]), int(seats))
    return [numbers(asked(pi, int(number), COUNTRY_WATCHERS))]


def watched(seed: str, seats: str, seat: str, providers: str) -> list:
    pi = Permutation(bytes.fromhex(seed), bytes([2, 0, 0, 0]), int(seats))
    return [numbers(n for n in range(int(providers)) if int(seat) in asked(pi, n, WATCHERS))]


def confirmers(randomness: str, provider: str, seats: str) -> list:
    pi = Permutation(bytes.fromhex(randomness), bytes([4]) + u32(int(provider)), int(seats))
    return [numbers(asked(pi, 0, CONFIRMERS + REPORTERS))]


def votes(confirmers: str, down: str, up: str) -> list:
    needed = Fraction(2 * int(confirmers), 3)
    if int(down) >= needed:
        return ["Confirmed"]
    return ["Dismissed" if int(confirmers) - int(up) < needed else "Open"]


def ends(watchers: str) -> list:
    return [next(votes for votes in range(int(watchers) + 1) if votes > int(watchers) / 2)]


def regional(down: str, operators: str, providers: str) -> list:
    share = int(down) * 100 > int(providers) * 5
    return [int(share and int(down) > 4 and int(operators) >= 3)]


# estimate.txt, sections 10 and 12


class Entry:
    """What a member reported, m:down:up:rtt:loss:liveness; l and u for the other kinds."""

    def __init__(self, text: str):
        self.kind, down, up, rtt, loss, liveness = text.split(":")
        self.rates = (int(down), int(up)) if self.kind != "u" else (0, 0)
        self.rtt, self.loss = int(rtt), int(loss)
        self.liveness = bytes.fromhex(liveness)

    def is_alive(self, part: int) -> bool:
        return self.liveness[part // 8] >> part % 8 & 1 == 1


def expanded(committee: str) -> list[str]:
    """The members, where 3*m:… stands for three of the same."""
    found = []
    for part in committee.split(","):
        times, _, member = part.rpartition("*")
        found += [member] * int(times or 1)
    return found


def lower_median(values: list[int]) -> int:
    return sorted(values)[(len(values) - 1) // 2] if values else 0


def estimate(claim_down: str, claim_up: str, kind: str, committee: str) -> list:
    everybody = expanded(committee)
    k = len(everybody)
    present = [Entry(member) if member != "s" else None for member in everybody if member != "-"]
    if not present or 3 * len(present) < 2 * k:
        return ["-"] * 7 + ["Void", "TooFewMembers"]
    entries = [entry for entry in present if entry]

    estimates, ratios, by_majority = [], [], False
    for direction, claim in enumerate((int(claim_down), int(claim_up))):
        q = min(math.ceil(Fraction(5 * claim, 4 * k)), LARGEST_QUOTA_KBPS)
        rates = sorted(min(entry.rates[direction], q) if entry else 0 for entry in present)
        kept = rates[: len(rates) - len(rates) // 4]
        estimates.append(math.floor(Fraction(len(rates) * sum(kept), len(kept))))
        ratio = math.floor(Fraction(10**6 * estimates[-1], min(claim, q * len(rates)))) if claim else 10**6
        ratios.append(ratio)
        share = Fraction(min(claim, q * k), k)
        below = sum(rate < share * 4 / 5 for rate in rates)
        by_majority |= ratio < 500_000 and 2 * below >= len(rates)

    answered = [entry for entry in entries if entry.kind != "u"]
    alive = sum(2 * sum(entry.is_alive(part) for entry in entries) > len(present) for part in range(40))
    rtt, loss = (lower_median([getattr(entry, name) for entry in answered]) for name in ("rtt", "loss"))
    unreachable = 2 * (len(entries) - len(answered)) > len(present)
    reason = reason_for(min(ratios), unreachable, by_majority, kind == "escalation", k)
    return [len(present), *estimates, min(ratios), rtt, loss, alive, OUTCOMES[reason], reason]


OUTCOMES = {
    "UnreachableByMajority": "Unreachable",
    "WithinClaim": "Good",
    "BelowClaim": "PaidAsMeasured",
    "BelowThreeQuarters": "ClaimLowered",
    "BelowHalfWithoutMajority": "ClaimLowered",
    "CommitteeTooSmall": "ClaimLowered",
    "BelowHalf": "Strike",
}


def reason_for(ratio: int, unreachable: bool, by_majority: bool, escalation: bool, k: int) -> str:
    if unreachable:
        return "UnreachableByMajority"
    for least, reason in ((900_000, "WithinClaim"), (750_000, "BelowClaim"), (500_000, "BelowThreeQuarters")):
        if ratio >= least:
            return reason
    if not by_majority:
        return "BelowHalfWithoutMajority"
    return "CommitteeTooSmall" if escalation and k < LEAST_SLASHING_COMMITTEE else "BelowHalf"


def lowered(claim: str, estimate: str) -> list:
    return [max(min(int(claim), int(estimate)), LEAST_CLAIM_KBPS)]


def slash(ratio: str, offences: str) -> list:
    n = int(offences)
    if int(ratio) < 250_000:
        percent, jail = 5 * 2**n, 1
    else:
        percent, jail = 2 ** (n - 1) if n else 0, 0
    return [min(percent, 10) * BOND_PPB // 100, jail]


# Of each file the kinds of its lines and what computes them from what is given.
RULES = {
    "permutation.txt": {"": permutation},
    "committee.txt": {"ordinal": ordinal, "members": members},
    "schedule.txt": {"runs": runs, "start": start, "submit": submit, "prefix": prefix, "prefix-runs": prefix_runs},
    "location.txt": {"checksum": checksum, "pair": pair},
    "audit.txt": {"seed": audit_seed, "positions": positions},
    "outage.txt": {
        "watchers": watchers,
        "country": country,
        "watched": watched,
        "confirmers": confirmers,
        "votes": votes,
        "ends": ends,
        "regional": regional,
    },
    "estimate.txt": {"estimate": estimate, "lowered": lowered, "slash": slash},
}


def computed(rules: dict, line: str) -> str:
    """The line as the document has it."""
    kind, *columns = [*([""] if "" in rules else []), *line.split()]
    rule = rules[kind]
    given = columns[: len(inspect.signature(rule).parameters)]
    return " ".join(map(str, [*([kind] if kind else []), *given, *rule(*given)]))


def main() -> int:
    fill = sys.argv[1:] == ["--fill"]
    if sys.argv[1:] and not fill:
        print(__doc__)
        return 0 if sys.argv[1:] in (["-h"], ["--help"]) else 2
    files = sorted(GOLDEN.glob("*.txt"))
    assert [file.name for file in files] == sorted(RULES), "every golden file has its rules"
    faults = cases = 0
    for file in files:
        lines = file.read_text(encoding="utf-8").splitlines()
        for at, line in enumerate(lines):
            if line.startswith("#"):
                continue
            cases += 1
            expected = computed(RULES[file.name], line)
            if fill and "?" in line.split():
                lines[at] = expected
            elif line != expected:
                faults += 1
                print(f"{file.relative_to(ROOT)}:{at + 1}: {line}\n  by the document: {expected}")
        if fill:
            file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(f"{cases} lines, {faults} of them not as docs/protocol.md has it")
    return 1 if faults else 0


sys.exit(main())
