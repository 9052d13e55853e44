#!/usr/bin/env python3
"""Audits a ledger's public folder with nothing of treering's. Read from the top, it is the format.

    python3 verify.py PUBLIC_FOLDER [--id HEX]        HEX: the ledger id on the site's card

Prints a line for each problem, a line for what was not checked, and the verdict last. Exit 0 if
the checks passed, 3 if there are problems, 2 if called wrongly. schemas/statement.md tells the
statement in full; the rest is C2SP signed-note, tlog-checkpoint and tlog-tiles.

Not checked: witnesses; evidence files and manifests; times; whether statements were cut from the
end, which takes a head kept from before; what statements say beyond who may sign (their subject,
and the fields of other kinds); what was later disputed, corrected or erased; checkpoints/sizes.

Ed25519: treering takes what `verify_strict` of ed25519-dalek takes, under keys that are canonical,
not of small order and torsion-free. OpenSSL, behind `cryptography`, checks the same equation but
not the order of points. So a key's own holder can make signatures that pass here and not there.
Nobody can forge another's that way.
"""
import argparse
import base64
import contextlib
import hashlib
import os
import re
import sys

import cbor2
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


class Problem(Exception):
    """What does not hold, in words."""


def demand(holds, words):
    if not holds:
        raise Problem(words)


@contextlib.contextmanager
def named(problems, name):
    """One line for whatever is wrong inside: a stranger's bytes may break any line of this file."""
    try:
        yield
    except Exception as fault:
        words = fault if isinstance(fault, Problem) else f"it is malformed ({fault!a})"
        problems.append(f"{name}: {words}")


# ---- The tree (RFC 6962): leaf = SHA256(00 || entry), node = SHA256(01 || left || right)


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


class Tree:
    def __init__(self):
        # levels[k][i] is the root over the leaves i * 2^k to (i + 1) * 2^k, once all are there.
        self.levels = [[] for _ in range(64)]

    def __len__(self):
        return len(self.levels[0])

    def append(self, node):
        for level in self.levels:
            level.append(node)
            if len(level) % 2:
                return
            node = sha256(b"\x01", *level[-2:])

    def was(self, size, root):
        """Whether it has this root, or had it. Each bit of the size is a full subtree; they are
        joined from the smallest, which is rightmost."""
        joined = None
        for k, level in enumerate(self.levels):
            if size >> k & 1 and size <= len(self):
                left = level[(size >> k) - 1]
                joined = sha256(b"\x01", left, joined) if joined else left
        return size > 0 and joined == root


# ---- Deterministic CBOR (RFC 8949, section 4.2.1)


def encode(value):
    return cbor2.dumps(value, canonical=True)


def decode(data):
    """The value of bytes that are whole and its one spelling: integers of 64 bits, bytes, text,
    booleans, arrays, and maps whose keys are all text or all counts."""
    value = cbor2.loads(data)
    items, held = [(value, 1)], 0
    for item, depth in items:  # the list grows meanwhile
        kind, parts, plain = type(item), [], True
        if kind is dict:
            parts = [*item, *item.values()]
            counts = all(type(key) is int and key >= 0 for key in item)
            plain = counts or all(type(key) is str for key in item)
        elif kind is list:
            parts = item
        elif kind in (bytes, str):
            held += len(item)
        else:
            plain = kind is bool or kind is int and -(2**63) <= item < 2**63
        items += [(part, depth + 1) for part in parts]
        # A tag can repeat an item without end. Without tags nothing is shorter than what it holds.
        bounded = depth <= 16 and len(items) + held <= len(data)
        demand(plain and bounded, "it holds CBOR of a sort that statements do not use")
    demand(encode(value) == data, "it is not in canonical CBOR")
    return value


# ---- The statement: COSE_Sign1 (RFC 9052)

RULING = {"ledger", "key", "root"}  # the families of kinds that decide who may sign
RULES = {  # their kinds: the field that shows a key which signs statements; that of a second signer
    "ledger.genesis": ("root", "log_key"),
    "ledger.rotate-log-key": (None, "log_key"),
    "ledger.close": (None, None),
    "checkpoint.anchor": (None, None),
    "key.grant": ("key", "key"),
    "key.revoke": (None, None),
    "affirm": (None, None),
    "root.rotate": ("root", "root"),
    "root.recover": ("root", "guardians"),
}
PROCESS = """dispute assess.self consultation.record visit.record conflict.declare sample.draw
    sample.result assess.indicator assess.recommend review.check decision certificate.issue
    certificate.suspend certificate.withdraw certificate.renew review.midterm concern.raise
    concern.answer concern.close statement.refused"""
FAMILY = {  # of the kinds whose first word is not their family
    "checkpoint.anchor": "ledger", "affirm": "key", "catalogue.publish": "site",
    "correction": "evidence", **dict.fromkeys(PROCESS.split(), "process"),
}
TYP = re.compile(r"application/vnd\.treering\.([a-z0-9-]+(?:\.[a-z0-9-]+)*);v=(0|[1-9][0-9]*)")


def family_of(kind):
    return FAMILY.get(kind, kind.split(".")[0])


def thumbprint(key):
    """SHA256 of the COSE_Key {1: 1, -1: 6, -2: key} (RFC 9679)."""
    return sha256(bytes.fromhex("A301012006215820"), key)


def check_signature(key, signature, message, words):
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except Exception as fault:
        raise Problem(words) from fault


class Statement:
    """D2 84 <protected> A0 <payload> <signature>, each layer canonical. Its id is its leaf hash."""

    def __init__(self, entry):
        self.id = sha256(b"\x00", entry)
        demand(entry[:2] == b"\xd2\x84" and len(entry) <= 60_000, "it is no COSE_Sign1 message")
        protected, unprotected, payload, self.signature = decode(entry[1:])
        self.signed = encode(["Signature1", protected, b"", payload])
        header, self.body = decode(protected), decode(payload)
        alg, content, self.kid, claims, self.typ = map(header.pop, (1, 3, 4, 15, 16))
        self.issuer, _about, _claimed_time = map(claims.pop, (1, 2, 6))
        demand(header == claims == unprotected == {}, "it has header labels of no meaning")
        demand(alg in (-8, -19) and content == "application/cbor", "its header is not of its form")
        typ = TYP.fullmatch(self.typ)
        demand(typ, "its typ names no kind of statement")
        self.kind, self.family = typ[1], family_of(typ[1])
        self.rules = self.family in RULING
        self.known = not self.rules or self.kind in RULES and typ[2] == "1"
        shows, self.second = RULES.get(self.kind, ("key", None))

        self.chain, self.also = map(self.body.pop, ("chain", "also"), (None, []))
        self.also_signed = encode(self.body)
        self.signers = [second["key"] for second in self.also]
        demand(self.signers == sorted(set(self.signers)), "its second signatures are not in order")
        self.shown = self.body.get(shows)
        self.visits = not self.rules and not {"key", "by"}.isdisjoint(self.body)

    def check_signatures(self, keys, ledger):
        demand(self.kid in keys, "no statement shows the key that it names")
        check_signature(keys[self.kid], self.signature, self.signed, "its signature does not match")
        message = encode(["treering/also/v1", self.typ, ledger, self.also_signed])
        for second in self.also:
            words = "its second signature does not match"
            check_signature(second["key"], second["sig"], message, words)
        if self.rules and self.known and self.kind != "root.recover":
            needed = [self.body[self.second]] if self.second else []
            demand(self.signers == needed, "its second signatures are not those it needs")


# ---- The ledger: who may say what is decided in order, for each statement by those before it


class Ledger:
    def __init__(self, problems):
        self.problems, self.tree = problems, Tree()
        self.id = self.origin = self.root = self.next = self.guardians = self.closed = None
        self.log_keys = []  # (smallest size of the checkpoints that need it, key)
        self.keys = {}  # keys by thumbprint; what follows goes by thumbprint, too
        self.last = {}  # (number, id) of a key's last statement
        self.grants = {}  # {role, scope, ended: a position, doubted: from a size on}
        self.officers = set()  # roots and log keys, present and past
        self.visitors = set()  # keys that spoke in the process, granted nothing
        self.acts = []  # of the root in force: (position, what takes it back)

    def take_up(self, entry):
        position = len(self.tree)
        with named(self.problems, f"statement {position}"):
            statement = Statement(entry)
            if statement.shown:
                self.keys[thumbprint(statement.shown)] = statement.shown
            if position == 0:
                self.found(statement)
            elif self.id:
                self.judge(statement, position)
        self.tree.append(sha256(b"\x00", entry))

    def found(self, statement):
        """Statement 0, signed by the root it names. Its id is the ledger's."""
        demand(statement.kind == "ledger.genesis" and statement.known, "it is no genesis")
        statement.check_signatures(self.keys, b"")
        body, root, log = statement.body, statement.body["root"], statement.body["log_key"]
        demand(statement.kid == thumbprint(root), "it is not signed by its root")
        demand(statement.issuer == body["origin"], "its issuer is not its origin")
        demand(statement.chain == {"seq": 0}, "its chain is not at the beginning")
        poses = re.fullmatch("(treering|key):[0-9a-f]{64}", statement.issuer)
        demand(not poses, "its origin is spelled as another party")
        sealed = {sha256(thumbprint(root)), sha256(thumbprint(log)), body["next"]}
        demand(len(sealed) == 3, "its root, next root and log key are not three keys")
        self.id, self.origin, self.log_keys = statement.id, body["origin"], [(1, log)]
        self.last[statement.kid] = (0, statement.id)
        self.officers = {thumbprint(root), thumbprint(log)}
        self.root, self.next, self.guardians = statement.kid, body["next"], body["guardians"]

    def judge(self, statement, position):
        statement.check_signatures(self.keys, self.id)
        chain = statement.chain
        demand(chain["ledger"] == self.id, "it was filed in another ledger and copied here")
        with named(self.problems, f"statement {position}"):
            self.check_chain(statement, **chain)
        must_see = self.check_right(statement)
        if statement.rules:
            self.rule(statement, position)
        demand("seen" in chain or not must_see, "its signer had to name a checkpoint and did not")
        saw_this = "seen" not in chain or self.tree.was(**chain["seen"])
        demand(saw_this, "its signer saw another history than this one")

    def check_chain(self, statement, seq, ledger, prev=None, seen=None, void=()):
        """A key's statements are numbered 0, 1, 2 … and each names the one before."""
        last, before = self.last.get(statement.kid, (-1, None))
        if seq > last:
            self.last[statement.kid] = (seq, statement.id)
        number = f"it is number {seq} of its key"
        demand(seq <= last + 1, f"{number}, but number {last + 1} is missing or refused")
        demand(seq > last, f"{number}, which was there before: numbered twice")
        demand(prev == before, "it does not name the statement that its key filed before")
        demand(before not in void, "it abandons a statement that was filed")

    def check_right(self, statement):
        """Whether its key may say this; gives whether the signer must name a checkpoint it saw."""
        kid, kind, family = statement.kid, statement.kind, statement.family
        demand(self.closed is None, f"the ledger was closed at {self.closed}")
        demand(statement.known, f"{statement.typ} is not known here, nor who may sign after it")
        party, must_see, visitor = f"treering:{self.id.hex()}", False, False
        if kid == self.root or kind == "root.recover":
            demand(statement.rules, f"the root does not sign {kind}")
        elif kid in self.grants:
            grant = self.grants[kid]
            demand(grant["ended"] is None, f"the grant of its key ended at {grant['ended']}")
            gives_up = kind == "key.revoke" and thumbprint(statement.body["key"]) == kid
            covered = gives_up or kind in grant["scope"] or family in grant["scope"]
            demand(covered, f"the scope of its key does not cover {kind}")
            must_see = grant["role"] not in ("recorder", "supervisor")
        else:
            party, must_see, visitor = f"key:{kid.hex()}", True, True
            demand(family == "process" or kind == "claim.opinion", f"its key was granted no {kind}")
            demand(not self.has_role(kid), "its key is not one that signs statements")
            first, shows = statement.chain["seq"] == 0, statement.shown is not None
            begins = first and kid not in self.visitors and thumbprint(statement.shown) == kid
            goes_on = not first and kid in self.visitors
            demand(begins if shows else goes_on, "a visitor's number 0 shows its key, and no other")
        demand(statement.issuer == party, "its issuer is not the party that its key speaks for")
        demand(visitor or not statement.visits, "it poses as a visitor's statement")
        self.visitors |= {kid} if visitor else set()
        return must_see

    def has_role(self, kid):
        return kid in self.officers or kid in self.grants or sha256(kid) == self.next

    def rule(self, statement, position):
        """What a statement of the ruling families changes."""
        kind, body, trusted = statement.kind, statement.body, statement.body.get("trusted")
        demand(kind != "ledger.genesis", "a ledger has one genesis")
        demand(trusted is None or self.tree.was(**trusted), "what it trusts is another history")
        if kind == "ledger.close":
            self.closed = position
        elif kind == "ledger.rotate-log-key":  # checkpoints of sizes above the position need it
            kid, (_, before) = thumbprint(body["log_key"]), self.log_keys[-1]
            spoke = kid in self.visitors
            demand(not spoke and not self.has_role(kid), "its log key has or had a role here")
            self.officers.add(kid)
            self.log_keys.append((position + 1, body["log_key"]))
            self.acts.append((position, lambda at, _: self.log_keys.append((at + 1, before))))
        elif kind == "key.grant":
            kid, scope = thumbprint(body["key"]), body["scope"]
            demand(not self.has_role(kid), "the key it grants has or had a role here")
            demand(scope == sorted(set(scope)), "the scope it grants is not in order")
            ruling = {word for word in scope if family_of(word) in RULING}
            demand(ruling <= {"affirm", "checkpoint.anchor"}, "it grants what only the root signs")
            grant = {"role": body["role"], "scope": scope, "ended": None, "doubted": float("inf")}
            self.grants[kid] = grant
            self.acts.append((position, lambda at, trusted: grant.update(
                ended=grant["ended"] or at, doubted=trusted)))
        elif kind == "key.revoke":  # `trusted`: from which size on the root doubts the key's past
            by_root, kid = statement.kid == self.root, thumbprint(body["key"])
            doubts = by_root and body["reason"] == "compromised"
            demand((trusted is not None) == doubts, "`trusted` goes with the root's `compromised`")
            demand(kid in self.grants, "the key it revokes was never granted here")
            grant, before = self.grants[kid], dict(self.grants[kid])
            doubted = min(trusted["size"] if doubts else grant["doubted"], grant["doubted"])
            changes = grant["ended"] is None or doubted < grant["doubted"]
            demand(changes, "the key it revokes had lost its grant before")
            grant.update(ended=grant["ended"] or position, doubted=doubted)
            if by_root:
                self.acts.append((position, lambda at, trusted: grant.update(before)))
        elif kind in ("root.rotate", "root.recover"):  # to the root whose thumbprint was sealed
            kid = thumbprint(body["root"])
            demand(sha256(kid) == self.next, "its root is not the next one that was sealed")
            taken = {kid, *self.officers, *self.grants, *self.visitors}
            free = kid not in self.grants and body["next"] not in map(sha256, taken)
            demand(free, "its root or the next one has or had a role here")
            if kind == "root.recover":  # by that root and guardians; takes back what is not trusted
                signers, guardians = set(statement.signers), set(self.guardians["keys"])
                confirmed = signers <= guardians and len(signers) >= self.guardians["threshold"]
                demand(statement.kid == kid and confirmed, "its signers cannot recover the root")
                for at, take_back in reversed(self.acts):
                    if at >= trusted["size"]:
                        take_back(position, trusted["size"])
            self.root, self.next, self.guardians = kid, body["next"], body["guardians"]
            self.officers.add(kid)
            self.acts = []


# ---- The checkpoint: a note of origin, size, root; signatures "— name base64(key id || signature)"

NOTE = re.compile(r"((\S+)\n([1-9][0-9]{0,18})\n(\S+)\n(?:.+\n)*)\n((?:— \S+ \S+\n)+)")


def from_base64(text):
    data = base64.b64decode(text, validate=True)
    demand(base64.b64encode(data).decode() == text, "it holds base64 that is not canonical")
    return data


def check_checkpoint(data, name, ledger):
    """Holds it against the statements; gives a remark on those whose signatures are passed over."""
    note = NOTE.fullmatch(data.decode())
    demand(note, "it is not origin, size and root with signatures below")
    text, origin, size, root, lines = note.groups()
    demand(name in ("checkpoint", f"checkpoints/{size}"), "it is of another size")
    demand(ledger.id, "no genesis says who signs it")
    demand(origin == ledger.origin, "it is not of the origin that the genesis names")
    have, size = len(ledger.tree), int(size)
    demand(size <= have, f"only {have} of its {size} statements are here")
    demand(ledger.tree.was(size, from_base64(root)), "its root is not that of the statements")
    # Key id: the first four bytes of SHA256(name || 0A || 01 || key); 01 stands for Ed25519.
    log_keys = {sha256(origin.encode(), b"\n\x01", key)[:4]: key for _, key in ledger.log_keys}
    signed, others = set(), []
    for line in lines.split("\n")[:-1]:
        _, signer, signature = line.split(" ")
        signature = from_base64(signature)
        key = log_keys.get(signature[:4]) if signer == origin else None
        if key:
            words = "a log key's signature does not match"
            check_signature(key, signature[4:], text.encode(), words)
            signed.add(key)
        else:
            others.append(f"{signer}+{signature[:4].hex()}")
    in_force = [key for smallest, key in ledger.log_keys if smallest <= size][-1]
    demand(in_force in signed, "it is not signed by the log key in force at its size")
    return f"not checked: the signature by {', '.join(others)}" if others else None


# ---- The folder: statements and hashes in files of 256, the last of fewer

CEILING = 256 * (2 + 65_535)  # bytes of the longest file: a full bundle of the longest entries
PATH = re.compile(r"tile/(entries|[0-7])/((?:x[0-9]{3}/)*[0-9]{3})(?:\.p/([1-9][0-9]*))?")


def path_of(level, index, width):
    """tile/<level or "entries">/<index>[.p/<width>]; the index 1234067 is written x001/x234/067."""
    digits = str(index)
    digits = "0" * (-len(digits) % 3) + digits
    return f"tile/{level}/" + re.sub("(...)(?!$)", r"x\1/", digits) + f".p/{width}" * (width < 256)


def paths_of(size, names):
    """Every file of a tree: hash i of tile N of level L is node N * 256 + i of the tree's level 8L.
    Where a partial file is gone, the full one stands for it."""
    for level in ["entries", *range(8)]:
        count = size if level == "entries" else size >> 8 * level
        for first in range(0, count, 256):
            width = min(256, count - first)
            partial, full = (path_of(level, first // 256, each) for each in (width, 256))
            yield width, full if full in names and partial not in names else partial


def split(bundle):
    """Entries, each after its length in two bytes, big-endian."""
    entries, at = [], 0
    while at < len(bundle):
        start, at = at + 2, at + 2 + int.from_bytes(bundle[at : at + 2], "big")
        demand(at <= len(bundle) and len(entries) < 256, "it is not a bundle of up to 256 entries")
        entries.append(bundle[start:at])
    return entries


def read(folder, name):
    path = os.path.join(folder, name)
    demand(os.path.isfile(path), "it is missing, or not a file")
    with open(path, "rb") as file:
        data = file.read(CEILING + 1)
    demand(len(data) <= CEILING, "it is longer than any file of a ledger")
    return data


def check_file(folder, name, size, ledger):
    """Holds a file against the statements; gives a remark on what is no fault but worth a line."""
    if re.fullmatch("manifests/[0-9a-f]{64}|checkpoints/sizes", name):
        return None
    data = read(folder, name)
    if re.fullmatch("checkpoint|checkpoints/[0-9]+", name):
        return check_checkpoint(data, name, ledger)
    parts = PATH.fullmatch(name)
    level, index, width = parts.groups() if parts else ("", "0", None)
    index, width = int(re.sub("[x/]", "", index)), int(width or 256)
    if path_of(level, index, width) != name:
        return "it does not belong here"
    if level == "entries":
        level, found = 0, [sha256(b"\x00", entry) for entry in split(data)]
    else:
        level, found = int(level), [data[at : at + 32] for at in range(0, len(data), 32)]
    row = ledger.tree.levels[8 * level][256 * index :][:width]
    demand(len(found) == width and found[: len(row)] == row, "it is not what the statements make")
    return "it goes beyond the checkpoint" if (256 * index + width) << 8 * level > size else None


def audit(folder):
    problems, remarks, size, due = [], [], 0, 0
    paths = [os.path.join(at, name) for at, _, files in os.walk(folder) for name in files]
    names = {os.path.relpath(path, folder).replace(os.sep, "/") for path in paths}
    ledger = Ledger(problems)
    # What is wrong with a file is passed over at first: check_file names it.
    with contextlib.suppress(Exception):
        size = int(NOTE.fullmatch(read(folder, "checkpoint").decode())[3])
    for width, name in paths_of(size, names):
        if name not in names:
            problems.append(f"{name}: it is missing")
        if name.startswith("tile/entries/"):
            with contextlib.suppress(Exception):
                for entry in split(read(folder, name))[:width]:
                    ledger.take_up(entry)
            due += width
            if len(ledger.tree) < due:
                break  # what comes after has no place in the tree
    for name in sorted({"checkpoint", *names}):
        with named(problems, name):
            remark = check_file(folder, name, size, ledger)
            remarks += [f"{name}: {remark}"] if remark else []
    return ledger, problems, remarks


def main():
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=form)
    parser.add_argument("folder", metavar="PUBLIC_FOLDER")
    parser.add_argument("--id", type=bytes.fromhex, metavar="HEX")
    options = parser.parse_args()
    if not os.path.isdir(options.folder):
        parser.error(f"{options.folder!a} is not a folder")
    ledger, problems, remarks = audit(options.folder)
    ledger_id = (ledger.id or b"").hex()
    if options.id not in (None, ledger.id):
        problems.append(f"the ledger's id is not the one given but {ledger_id}")
    lines = [f"problem: {problem}" for problem in problems]
    lines += [f"remark: {remark}" for remark in remarks]
    limits = "not checked: witnesses, evidence files, manifests, times, whether the end was cut off"
    lines += [limits + (", whose ledger this is (--id)" if options.id is None else "")]
    passed = f"checks passed: {len(ledger.tree)} statements of ledger {ledger_id}"
    lines += [f"{len(problems)} problem{'s' * (len(problems) > 1)}" if problems else passed]
    for line in lines:
        print(ascii(line)[1:-1])  # what stands in a ledger may hold anything
    return 3 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
