#!/usr/bin/env python3
"""Audits a ledger's public folder with nothing of treering's. Read from the top, it is the format.

    python3 verify.py PUBLIC_FOLDER [--id HEX]        HEX: the ledger id on the site's card

A line for each problem, a line for what was not checked, the verdict last. Exit 0 if the checks passed,
3 if there are problems, 2 if called wrongly. schemas/statement.md tells the statement in full; the rest
is C2SP signed-note, tlog-checkpoint and tlog-tiles.

Not checked: witnesses; evidence files and manifests; times; whether statements were cut from the end,
which takes a head kept from before; what statements say beyond who may sign; what was later disputed,
corrected or erased; that no key has two roles; who may sign once a root was recovered;
checkpoints/sizes. OpenSSL, behind `cryptography`, checks Ed25519 less strictly than treering: a key's
own holder can make signatures that pass here and not there. Nobody can forge another's that way.
"""
import base64, contextlib, hashlib, os, re, sys
import cbor2
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

def demand(holds, words):
    if not holds:
        raise ValueError(words)

@contextlib.contextmanager
def named(problems, name):
    """One line for whatever is wrong inside: a stranger's bytes may break any line of this file."""
    try:
        yield
    except Exception as fault:
        words = fault if type(fault) is ValueError else f"it is malformed ({fault!a})"
        problems.append(f"{name}: {words}")

def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()

class Tree:
    """RFC 6962. levels[k][i] is the root over leaves i * 2^k to (i + 1) * 2^k, once all are there."""

    def __init__(self):
        self.levels = [[] for _ in range(64)]

    def append(self, node):
        for level in self.levels:
            level.append(node)
            if len(level) % 2:
                return
            node = sha256(b"\x01", *level[-2:])

    def was(self, size, root):
        """Whether it has this root, or had it. Each bit of the size is a full subtree."""
        joined = None
        for k, level in enumerate(self.levels):
            if size >> k & 1 and size <= len(self.levels[0]):
                left = level[(size >> k) - 1]
                joined = sha256(b"\x01", left, joined) if joined else left
        return size > 0 and joined == root

# ---- Deterministic CBOR (RFC 8949, section 4.2.1) without floats, tags and null

def encode(value):
    return cbor2.dumps(value, canonical=True)

def decode(data):
    """The value of bytes that are whole and its one spelling; maps have text keys or counts."""
    value = cbor2.loads(data)
    items, room = [(value, 1)], len(data)
    for item, depth in items:  # the list grows meanwhile
        kind = type(item)
        keys = {type(key) for key in item} if kind is dict else set()
        plain = kind in (bool, bytes, str, list) or kind is dict and keys in ({str}, {int}, set())
        plain = plain or kind is int and -(2**63) <= item < 2**63
        items += [(part, depth + 1) for part in item] if kind in (list, dict) else []
        items += [(part, depth + 1) for part in item.values()] if kind is dict else []
        room -= len(item) if kind in (bytes, str) else 0
        # A tag can repeat an item without end. Without tags nothing is shorter than what it holds.
        demand(plain and depth <= 16 and len(items) <= room, "it holds CBOR of another sort")
    demand(encode(value) == data, "it is not in canonical CBOR")
    return value

# ---- The statement: COSE_Sign1 (RFC 9052), D2 84 <protected> A0 <payload> <signature>

RULING = {  # kinds that decide who may sign: the field of the key shown, of a second signer's key
    "ledger.genesis": ("root", "log_key"), "ledger.rotate-log-key": (None, "log_key"),
    "ledger.close": (None, None), "checkpoint.anchor": (None, None), "key.grant": ("key", "key"),
    "key.revoke": (None, None), "affirm": (None, None), "root.rotate": ("root", "root"),
    "root.recover": ("root", None),
}
FAMILY = {"checkpoint": "ledger", "affirm": "key", "catalogue": "site", "correction": "evidence"}
FAMILIES = ("ledger", "key", "root", "site", "evidence", "claim")  # any other kind is of the process

TYP = re.compile(r"application/vnd\.treering\.([a-z0-9-]+(?:\.[a-z0-9-]+)*);v=(0|[1-9][0-9]*)")

def family_of(kind):
    first = kind.split(".")[0]
    return FAMILY.get(first, first if first in FAMILIES else "process")

def thumbprint(key):
    return sha256(bytes.fromhex("A301012006215820"), key)  # of the COSE_Key, RFC 9679

def check_signature(key, signature, message, words):
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except Exception as fault:
        raise ValueError(words) from fault

class Statement:
    def __init__(self, entry):
        self.id = sha256(b"\x00", entry)
        demand(entry[:2] == b"\xd2\x84" and len(entry) <= 60_000, "it is no COSE_Sign1 message")
        protected, unprotected, payload, self.signature = decode(entry[1:])
        self.signed = encode(["Signature1", protected, b"", payload])
        header, self.body = decode(protected), decode(payload)
        alg, content, self.kid, claims, self.typ = map(header.pop, (1, 3, 4, 15, 16))
        self.issuer, _about, _claimed_time = map(claims.pop, (1, 2, 6))
        plain = header == claims == unprotected == {} and alg in (-8, -19)
        demand(plain and content == "application/cbor", "its header is not of its form")
        typ = TYP.fullmatch(self.typ)
        demand(typ, "its typ names no kind of statement")
        self.kind, self.family = typ[1], family_of(typ[1])
        self.rules = self.family in FAMILIES[:3]
        self.known = not self.rules or self.kind in RULING and typ[2] == "1"
        shows, self.second = RULING.get(self.kind, ("key", None))
        self.chain, self.also = map(self.body.pop, ("chain", "also"), (None, []))
        self.also_signed = encode(self.body)
        self.signers = [second["key"] for second in self.also]
        demand(self.signers == sorted(set(self.signers)), "its second signatures are not in order")
        self.shown = self.body.get(shows)

    def check_signatures(self, keys, ledger):
        demand(self.kid in keys, "no statement shows the key that it names")
        check_signature(keys[self.kid], self.signature, self.signed, "its signature does not match")
        message = encode(["treering/also/v1", self.typ, ledger, self.also_signed])
        for second in self.also:
            check_signature(second["key"], second["sig"], message, "a second signature does not match")
        if self.kind in RULING and self.known and self.kind != "root.recover":
            needed = [self.body[self.second]] if self.second else []
            demand(self.signers == needed, "its second signatures are not those it needs")

# ---- The ledger: who may say what is decided in order, for each statement by those before it

class Ledger:
    def __init__(self, problems):
        self.problems, self.tree = problems, Tree()
        self.id = self.closed = self.unjudged = None
        self.log_keys = []  # (smallest size of the checkpoints that need it, key)
        self.keys, self.last, self.grants = {}, {}, {}  # by thumbprint: key, (number, id), its grant
        self.visitors = set()

    def take_up(self, entry):
        position = len(self.tree.levels[0])
        with named(self.problems, f"statement {position}"):
            statement = Statement(entry)
            if statement.shown:
                self.keys[thumbprint(statement.shown)] = statement.shown
            if position == 0:
                self.found(statement, statement.body)
            elif self.id:
                self.judge(statement, position, **statement.chain)
        self.tree.append(sha256(b"\x00", entry))

    def found(self, statement, body):
        """Statement 0, signed by the root it names. Its id is the ledger's."""
        demand(statement.kind == "ledger.genesis" and statement.known, "it is no genesis")
        statement.check_signatures(self.keys, b"")
        self.root, self.next, self.origin = thumbprint(body["root"]), body["next"], body["origin"]
        began = statement.kid == self.root and statement.chain == {"seq": 0}
        poses = re.fullmatch("(treering|key):[0-9a-f]{64}", self.origin)
        demand(began and statement.issuer == self.origin and not poses, "its root did not found it")
        self.id, self.last[self.root] = statement.id, (0, statement.id)
        self.log_keys = [(1, body["log_key"])]

    def judge(self, statement, position, seq, ledger, prev=None, seen=None, void=()):
        """Its signatures, its place in the chain of its key (0, 1, 2 …), its right to speak."""
        statement.check_signatures(self.keys, self.id)
        demand(ledger == self.id, "it was filed in another ledger and copied here")
        last, before = self.last.get(statement.kid, (-1, None))
        self.last[statement.kid] = max((last, before), (seq, statement.id), key=lambda link: link[0])
        with named(self.problems, f"statement {position}"):
            demand(seq <= last + 1, f"it is number {seq} of its key, but {last + 1} is missing here")
            demand(seq > last, f"it is number {seq} of its key, as one before it: numbered twice")
            demand(prev == before, "it does not name the statement that its key filed before")
            filed = void and set(void) & set(self.tree.levels[0])
            demand(not filed, "it abandons a statement that was filed")
        if self.unjudged is None:
            must_see = self.check_right(statement, position, seq == 0)
            demand(seen or not must_see, "its signer had to name a checkpoint and did not")
        demand(not seen or self.tree.was(**seen), "its signer saw another history than this one")

    def check_right(self, statement, position, first):
        """Whether its key may say this; gives whether the signer must name a checkpoint it saw."""
        kid, kind, body, grant = statement.kid, statement.kind, statement.body, None
        demand(self.closed is None, f"the ledger was closed at {self.closed}")
        demand(statement.known, f"{statement.typ} is not known here, nor who may sign after it")
        party, must_see = f"treering:{self.id.hex()}", False
        visits = not statement.rules and not {"key", "by"}.isdisjoint(body)
        if kid == self.root or kind == "root.recover":
            demand(statement.rules and not visits, f"the root does not sign {kind}")
        elif kid in self.grants:
            grant = self.grants[kid]
            demand(grant["ended"] is None, f"the grant of its key ended at {grant['ended']}")
            gives_up = kind == "key.revoke" and thumbprint(body["key"]) == kid
            covers = gives_up or not {kind, statement.family}.isdisjoint(grant["scope"])
            demand(covers and not visits, f"its key was not granted {kind}, or it poses as a visitor")
            must_see = grant["role"] not in ("recorder", "supervisor")
        else:  # a visitor, whose number 0 shows its key
            party, must_see = f"key:{kid.hex()}", True
            open_to_all = statement.family == "process" or kind == "claim.opinion"
            shows = statement.shown is not None and thumbprint(statement.shown) == kid
            fits = shows if first else statement.shown is None and kid in self.visitors
            demand(open_to_all and fits, f"its key was granted no {kind}, or does not show itself")
            self.visitors.add(kid)
        demand(statement.issuer == party, "its issuer is not the party that its key speaks for")
        if statement.rules:
            self.rule(statement, body, position)
        return must_see

    def rule(self, statement, body, position):
        """What a statement of the ruling families changes."""
        kind, trusted = statement.kind, body.get("trusted")
        demand(kind != "ledger.genesis", "a ledger has one genesis")
        demand(trusted is None or self.tree.was(**trusted), "what it trusts is another history")
        if kind == "ledger.close":
            self.closed = position
        elif kind == "ledger.rotate-log-key":  # checkpoints of sizes above the position need it
            self.log_keys.append((position + 1, body["log_key"]))
        elif kind == "key.grant":
            kid, scope = thumbprint(body["key"]), body["scope"]
            ruling = {word for word in scope if family_of(word) in FAMILIES[:3]}
            allowed = scope == sorted(set(scope)) and ruling <= {"affirm", "checkpoint.anchor"}
            demand(kid not in self.grants and allowed, "it grants what it may not, or a second time")
            self.grants[kid] = {"role": body["role"], "scope": scope, "ended": None}
        elif kind == "key.revoke":
            grant = self.grants[thumbprint(body["key"])]
            again = statement.kid == self.root and body["reason"] == "compromised"
            demand(grant["ended"] is None or again, "the key it revokes had lost its grant before")
            grant["ended"] = position if grant["ended"] is None else grant["ended"]
        elif kind in ("root.rotate", "root.recover"):  # to the root whose thumbprint was sealed
            kid = thumbprint(body["root"])
            demand(sha256(kid) == self.next, "its root is not the next one that was sealed")
            demand(kind == "root.rotate" or statement.kid == kid, "another key recovers the root")
            self.root, self.next = kid, body["next"]
            if kind == "root.recover":
                self.unjudged = position  # it takes back what the lost root did

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
    demand(ledger.id and origin == ledger.origin, "it is not of the origin that a genesis names")
    demand(ledger.tree.was(int(size), from_base64(root)), "its root is not that of the statements")
    # Key id: the first four bytes of SHA256(name || 0A || 01 || key); 01 stands for Ed25519.
    log_keys = {sha256(origin.encode(), b"\n\x01", key)[:4]: key for _, key in ledger.log_keys}
    signed, others = set(), []  # by log keys; by others
    for line in lines.splitlines():
        _, signer, signature = line.split(" ")
        signature = from_base64(signature)
        key = log_keys.get(signature[:4]) if signer == origin else None
        if key:
            check_signature(key, signature[4:], text.encode(), "a log key's signature does not match")
            signed.add(key)
        else:
            others.append(f"{signer}+{signature[:4].hex()}")
    in_force = [key for smallest, key in ledger.log_keys if smallest <= int(size)][-1]
    recovered = ledger.unjudged is not None and signed  # which may have taken a log key back
    demand(in_force in signed or recovered, "it is not signed by the log key in force at its size")
    return f"not checked: the signature by {', '.join(others)}" if others else None

# ---- The folder: statements and hashes in files of 256, the last of fewer

CEILING = 256 * (2 + 65_535)  # bytes of the longest file: a full bundle of the longest entries
PATH = re.compile(r"tile/(entries|[0-7])/((?:x[0-9]{3}/)*[0-9]{3})(?:\.p/([1-9][0-9]*))?")

def path_of(level, index, width):
    """tile/<level or "entries">/<index>[.p/<width>]; the index 1234067 is written x001/x234/067."""
    digits = "0" * (-len(str(index)) % 3) + str(index)
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
    demand(os.path.isfile(path) and not os.path.islink(path), "it is missing, or not a file")
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
    found = [data[at : at + 32] for at in range(0, len(data), 32)]
    if level == "entries":
        level, found = 0, [sha256(b"\x00", entry) for entry in split(data)]
    row = ledger.tree.levels[8 * int(level)][256 * index :][:width]
    demand(len(found) == width and found[: len(row)] == row, "it is not what the statements make")
    beyond = (256 * index + width) << 8 * int(level) > size
    return "it goes beyond the checkpoint" if beyond else None

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
        if len(ledger.tree.levels[0]) < due:
            break  # what comes after has no place in the tree
    for name in sorted({"checkpoint", *names}):
        with named(problems, name):
            remark = check_file(folder, name, size, ledger)
            remarks += [f"{name}: {remark}"] if remark else []
    return ledger, problems, remarks

def main(folder, *options):
    flag, given = options or ("--id", "")
    if flag != "--id" or not os.path.isdir(folder):
        sys.exit(print(f"no folder, or no option: {folder!a} {flag!a}", file=sys.stderr) or 2)
    ledger, problems, remarks = audit(folder)
    found = (ledger.id or b"").hex()
    if given.lower() not in ("", found):
        problems.append(f"the ledger's id is not the one given but {found}")
    if ledger.unjudged is not None:
        remarks.append(f"not checked: who might sign after the root was recovered at {ledger.unjudged}")
    limits = "not checked: witnesses, evidence files, manifests, times, whether the end was cut off"
    limits += "" if given else ", whose ledger this is (--id)"
    lines = [f"problem: {each}" for each in problems] + [f"remark: {each}" for each in remarks]
    passed = f"checks passed: {len(ledger.tree.levels[0])} statements of ledger {found}"
    for line in [*lines, limits, f"{len(problems)} problem{'s' * (len(problems) > 1)}" if problems else passed]:
        print(ascii(line)[1:-1])  # what stands in a ledger may hold anything
    return 3 if problems else 0

if __name__ == "__main__":
    if len(sys.argv) not in (2, 4):
        sys.exit(print(__doc__, file=sys.stderr) or 2)
    sys.exit(main(*sys.argv[1:]))
