#!/usr/bin/env python3
"""Tests Examples/teach-camera under QEMU; scripts/teach-camera.sh builds what it needs.

usage: session.py WORK PHOTOS KILLS SEED

WORK has the firmware, the desktop's programs `answers` and `trainer`, and room for files. PHOTOS is a folder with
folders of photos of each class; if it does not exist, drawings take their place. KILLS is how often power fails.
"""
import pathlib
import random
import re
import shlex
import struct
import subprocess
import sys
import tempfile
import time
import zlib
from concurrent.futures import ThreadPoolExecutor

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "Examples/teach-camera"))
import teach  # noqa: E402

WORK, PHOTOS, KILLS, SEED = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
STACK = int((WORK / "firmware.stack").read_text())  # bytes
STORED = "light *.*.*.*.*.*.*.*."
PAUSE = 8  # seconds, in which a few iterations are trained and the model is written
failures = 0


def expect(what, succeeds):
    global failures
    print(f"{'passed ' if succeeds else 'FAILED '} {what}", flush=True)
    failures += not succeeds


# ---- Pictures ---------------------------------------------------------------------------------------------


class Picture:
    """A file that the camera sees, and the 64 x 64 pixels that Pillow makes of it."""

    def __init__(self, width, height, pixels):
        from PIL import Image

        self.name = f"{zlib.crc32(pixels):08x}.ppm"
        self.file = WORK / self.name
        teach.write_picture(self.file, width, height, pixels)
        small = Image.frombytes("RGB", (width, height), pixels).resize((64, 64), Image.Resampling.BILINEAR)
        self.image = small.tobytes()


def noise(width, height):
    return Picture(width, height, random.Random(f"{SEED} {width} {height}").randbytes(3 * width * height))


def drawings():
    """Two classes of drawings, 11 and 22."""
    pictures = [Picture(*drawing) for drawing in teach.drawings()]
    return [p for j, p in enumerate(pictures) if j % 3 != 1], [p for j, p in enumerate(pictures) if j % 3 == 1]


def camera(room, *classes):
    return [[Picture(*photo) for photo in teach.photos(PHOTOS / room / name)] for name in classes]


# ---- The board --------------------------------------------------------------------------------------------


class Script:
    """What happens to the board, a line each."""

    def __init__(self):
        self.lines, self.time = [], 0.0

    def add(self, what, seconds):
        self.lines.append(f"{self.time:.3f} {what}")
        self.wait(seconds)

    def wait(self, seconds):
        self.time += seconds

    def see(self, picture, seconds=0.01):
        self.add(f"frame {picture.name}", seconds)

    def press(self, buttons, held=0.1):
        self.add(f"press {buttons} {held}", held + 0.05)

    def record(self, buttons, pictures):
        for picture in pictures:
            self.see(picture)
            self.press(buttons)

    def end(self):
        self.add("power off", 0)


class Board:
    """A board with a new card."""

    def __init__(self, name, settings="", build="firmware"):
        self.folder = WORK / name
        self.folder.mkdir()
        self.card_file = self.folder / "card.img"
        teach.make_card(self.card_file, settings)
        emulator = (WORK / f"{build}.emulator").read_text()
        self.command = shlex.split(emulator)

    def card(self):
        return teach.Card(self.card_file)

    def run(self, script, seconds=None):
        """Plays a script. Returns the lines of the console; `seconds`: how long until the emulator is killed."""
        (self.folder / "script.txt").write_text("\n".join(script.lines) + "\n")
        for name in set(re.findall(r"frame (\S+)", "\n".join(script.lines))):
            if not (self.folder / name).exists():
                (self.folder / name).symlink_to(WORK / name)
        console = self.folder / "console"
        with open(console, "wb") as out:
            process = subprocess.Popen(self.command, cwd=self.folder, stdout=out, stderr=out)
            try:
                self.status = process.wait(seconds)
            except subprocess.TimeoutExpired:
                process.kill()
                self.status = process.wait()
        return console.read_text(errors="replace").split("\n")[:-1]


def count(lines, start):
    return sum(line.startswith(start) for line in lines)


def after_last(lines, start):
    last = max((i for i, line in enumerate(lines) if line.startswith(start)), default=len(lines))
    return lines[last + 1 :]


def bits_of(lines):
    return re.findall(r"^answer: .*, bits (\w+)$", "\n".join(lines), re.M)


def desktop_bits(model, pictures):
    """The probabilities that a program on this machine computes with the same model."""
    folder = pathlib.Path(tempfile.mkdtemp(dir=WORK))
    (folder / "model.nnk").write_bytes(model)
    (folder / "images").write_bytes(b"".join(picture.image for picture in pictures))
    return subprocess.run([WORK / "answers", folder / "model.nnk", folder / "images"], check=True,
                          capture_output=True, text=True).stdout.split()


def without_repeats(items):
    return [item for item, before in zip(items, [None] + items) if item != before]


def answers_agree(lines, model, pictures):
    """Whether the last pictures were answered as on this machine. A picture may be answered several times."""
    expected = without_repeats(desktop_bits(model, pictures))
    return without_repeats(bits_of(after_last(lines, "model ")))[-len(expected):] == expected


def desktop_model(card, iterations, seed):
    """The i8 model that Examples/trainer makes of the examples on a card."""
    images = b"".join(card.image(example) for example in card.examples)
    folder = pathlib.Path(tempfile.mkdtemp(dir=WORK))
    (folder / "flat").write_bytes(struct.pack("<I", len(card.examples)) + card.labels() + images)
    subprocess.run([WORK / "trainer", folder / "flat", "deep", "f32", "dual+center", str(iterations), str(seed), "-b",
                    folder / "i8.nnk"], check=True, capture_output=True)
    return (folder / "i8.nnk").read_bytes()


def images_of(card):
    return [card.image(example) for example in card.examples]


# ---- Tests ------------------------------------------------------------------------------------------------


def test_frames():
    board, script = Board("frames"), Script()
    sizes = [(240, 240), (320, 240), (240, 320), (160, 120), (96, 96), (64, 64), (40, 130), (17, 5), (1, 1)]
    pictures = [noise(*size) for size in sizes]
    script.record("A", pictures)
    script.record("A", [noise(321, 10), noise(100, 320)])
    script.end()
    lines = board.run(script)
    expect(f"frames of {len(sizes)} sizes are recorded with Pillow's bits",
           images_of(board.card()) == [picture.image for picture in pictures])
    expect("frames that are too large are refused with a reason", count(lines, "not recorded: ") == 2)


def test_session(kind, a, b, few):
    """30 of each, or `few`; undo, relabel; 20 answers; then power off and on, and other settings."""
    names = "name_a=non-cat\nname_b=cat\n"  # Examples/trainer's
    board, script = Board(kind, names + "answer_every=100\niterations=100\n"), Script()
    unseen = (a[few:] + b[few:])[:20]
    script.record("A", a[:few])
    script.record("B", b[:few])
    script.record("A", [b[0]])
    script.press("B", 1.2)  # it was a B
    script.record("B", [a[0]])
    script.press("AB")  # it was a mistake
    script.see(a[0], 30)
    for picture in unseen:
        script.see(picture, 0.6)
    script.add("frame " + unseen[-1].name, 20)
    script.end()
    lines = board.run(script)
    card = board.card()
    kept = a[:few] + b[:few] + [b[0]]
    expect(f"{kind}: {len(kept)} examples are on the card, with their images and labels",
           images_of(card) == [picture.image for picture in kept]
           and card.labels() == bytes([0] * few + [1] * (few + 1)))
    expect(f"{kind}: recorded, forgotten, changed: {2 * few + 2}, 1, 1",
           (count(lines, "recorded "), count(lines, "forgotten: "), count(lines, "changed to ")) == (2 * few + 2, 1, 1))
    expect(f"{kind}: the light blinked for each", lines.count(STORED) >= 1)
    model = card.newest_model()
    expect(f"{kind}: the newest model is whole", model is not None)
    if model is None:
        print("\n".join(lines[-20:]))
        return
    expect(f"{kind}: the answers to {len(unseen)} frames equal the desktop's with the same model, to the bit",
           answers_agree(lines, model, unseen))
    minute = [line for line in lines if line.startswith("minute ")]
    print("\n".join("        " + line for line in minute))
    expect(f"{kind}: a line a minute, and no slice above 16 ms",
           minute and all(int(re.search(r"longest slice (\d+)", line)[1]) <= 16000 for line in minute))
    free = min(int(re.search(r"(\d+) bytes of stack", line)[1]) for line in minute)
    expect(f"{kind}: {STACK - free} bytes of stack used, at most 1024", STACK - free <= 1024)

    script = Script()
    script.see(unseen[0], 1)
    script.end()
    lines = board.run(script)
    expect(f"{kind}: after power off and on it answers with the same model, and trains nothing",
           set(bits_of(lines)) == set(desktop_bits(model, unseen[:1])) and count(lines, "model ") == 0)

    with open(board.card_file, "r+b") as file:
        file.write(b"teach-camera\n" + names.encode() + b"answer_every=200\niterations=60\nseed=2\n\0")
    script = Script()
    script.see(unseen[0], 30)
    script.end()
    lines = board.run(script)
    expect(f"{kind}: with other settings it trains from the card, to the desktop's model, byte for byte",
           count(lines, "model ") == 1 and board.card().newest_model() == desktop_model(board.card(), 60, 2))


def test_settings():
    text = ["rate=0.01", "# a remark", "", "iterations=none", "speed=9", "sure_b=0.4", "seed=4294967296", "name_a=",
            "rate=0.0000001", "name_b=" + 32 * "b", "seed"]
    board, script = Board("settings", "\n".join(text)), Script()
    script.end()
    lines = board.run(script)
    wrong = [int(number) for number in re.findall(r"settings, line (\d+)", "\n".join(lines))]
    expect("settings: each wrong line is named", wrong == [4, 5, 6, 7, 8, 9, 10, 11])
    expect("settings: defaults take their places", count(lines, "0 examples on the card") == 1)
    with open(board.card_file, "r+b") as file:
        file.write(b"FAT")
    lines = board.run(script)
    expect("a card of something else is refused, and not written to",
           board.status == 65 and lines[1].startswith("card: expected settings"))


def test_changes(a, b):
    """Each change goes on with the training; after power off and on, the training begins again."""
    board, script = Board("changes", "name_a=non-cat\nname_b=cat\niterations=10\nanswer_every=60000\n"), Script()
    script.record("A", a[:2])
    script.record("B", b[:2])
    script.wait(10)
    script.record("A", a[2:3])
    script.wait(10)
    script.press("B", 1.2)
    script.wait(10)
    script.press("AB")
    script.wait(10)
    script.end()
    found = re.findall(r"^model of (\d+) examples after (\d+)", "\n".join(board.run(script)), re.M)
    expect("each change adds iterations to those done", found == [("4", "10"), ("5", "20"), ("5", "30"), ("4", "40")])
    script = Script()
    script.record("B", b[2:3])
    script.wait(10)
    script.end()
    found = re.findall(r"^model of (\d+) examples after (\d+)", "\n".join(board.run(script)), re.M)
    expect("after power off and on, the next change begins a training", found == [("5", "10")]
           and board.card().newest_model() == desktop_model(board.card(), 10, 1))


def test_damage(a):
    board, script = Board("damage"), Script()
    script.press("AB")  # there is nothing to forget or to change
    script.press("A", 1.2)
    script.record("A", a[:3])
    script.wait(2)
    script.end()
    lines = board.run(script)
    expect("the light blinks for a second, and is off while there is no model",
           [line for line in lines if line.startswith("light")] == [STORED, "light " + 16 * "."])
    expect("with no example, nothing is forgotten or changed",
           count(lines, "recorded ") == len(board.card().examples) == 3)
    with open(board.card_file, "r+b") as file:
        file.seek((teach.LOG + 1) * teach.BLOCK + 20)
        file.write(b"damage")
    script = Script()
    script.record("A", a[3:4])
    script.end()
    lines = board.run(script)
    expect("a damaged entry is named, and the others are kept",
           count(lines, "card: entry 1 of the log is damaged") == 1
           and images_of(board.card()) == [picture.image for picture in (a[0], a[2], a[3])])


def test_full(a, b):
    board, script = Board("full", "iterations=5\nanswer_every=100\n", build="small"), Script()
    script.record("A", a[:2])
    script.record("B", b[:3])
    script.see(a[0], 20)
    script.end()
    lines = board.run(script)
    expect("capacity reached: said, not recorded, and answers go on",
           count(lines, "not recorded: ") == 1 and len(board.card().examples) == 4 and len(bits_of(lines)) > 10)

    board = Board("full-card")
    with open(board.card_file, "r+b") as file:
        for number in range(4095):
            entry = struct.pack("<6I", teach.MAGIC, number, teach.FORGET, 0, 0, 0)
            file.seek((teach.LOG + number) * teach.BLOCK)
            file.write(entry + struct.pack("<I", zlib.crc32(entry)))
    script = Script()
    script.record("A", a[:2])
    script.press("AB")
    script.end()
    lines = board.run(script)
    expect("a full card is said, and what is there stays",
           count(lines, "not recorded: ") == 1 and count(lines, "not undone: ") == 1
           and len(board.card().examples) == 1)


class Ledger:
    """What the user was told, and whether the card has it."""

    def __init__(self):
        self.examples = []  # image and label; those of the card after the last run

    def compare(self, lines, presses, card):
        """The card must have what was told, and may have one thing more. Returns whether it has."""
        told = count(lines, "recorded ") + count(lines, "forgotten: ") + count(lines, "changed to ")
        found = list(zip(images_of(card), card.labels()))
        for done in (told, told + 1):
            examples = list(self.examples)
            for press in presses[:done]:
                self.apply(examples, press)
            if examples == found:
                self.examples = examples
                return True
        return False

    @staticmethod
    def apply(examples, press):
        kind, value, image = press
        if kind == "record":
            examples.append((image, value))
        elif kind == "undo":
            examples.pop()
        else:
            examples[-1] = (examples[-1][0], value)


def hasty_script(pictures, some, chance):
    """Six things that a user does in haste, `some` examples being there, with a pause in which a model is written."""
    script, presses = Script(), []
    for number in range(6):
        kind = chance.choice(["record", "record", "undo", "relabel"]) if some > 2 else "record"
        kind = "undo" if some > 20 else kind
        label, picture = number % 2, chance.choice(pictures)
        some += {"record": 1, "undo": -1, "relabel": 0}[kind]
        presses.append((kind, label, picture.image))
        if kind == "record":
            script.record("AB"[label], [picture])
        elif kind == "undo":
            script.press("AB")
        else:
            script.press("AB"[label], 1.1)
        script.wait(PAUSE if number == 2 else chance.choice([0, 0.5]))
    script.end()
    return script, presses


def test_power(pictures, way):
    """Power fails: the emulator is killed ("kill"), or, half as often, a block is lost while it is written ("cut")."""
    board, ledger = Board(way, "iterations=4\nanswer_every=400\n"), Ledger()
    chance = random.Random(f"{SEED} {way}")
    failed = lost = broken = written = 0
    whole = 0.0  # seconds of the longest script that nothing cut off; the first one is such
    times = KILLS if way == "kill" else (KILLS + 1) // 2
    while failed < times:
        script, presses = hasty_script(pictures, len(ledger.examples), chance)
        if way == "cut" and whole:
            script.lines.insert(0, f"0 cut {chance.choice([chance.randrange(1, 100), chance.randrange(1, 1200)])}")
        before, since = board.card().newest_model(), time.monotonic()
        lines = board.run(script, chance.uniform(0, 1.2 * whole) if way == "kill" and whole else None)
        is_cut_off = board.status == -9 or lines[-1] == "power cut"
        whole = whole if is_cut_off else max(whole, time.monotonic() - since)
        failed += is_cut_off
        card = board.card()
        newest = card.newest_model()
        lost += not ledger.compare(lines, presses, card)
        broken += newest is None and before is not None
        written += newest != before
        if board.status not in (0, -9):
            expect(f"power, {way}: {lines[-1]}", False)
    expect(f"power, {way} {times} times: {lost} times something was lost that the light had blinked for", lost == 0)
    expect(f"power, {way}: {broken} times no whole model was left; {written} were written", broken == 0 < written)
    script = Script()
    script.see(pictures[0], 2)
    script.end()
    expected = desktop_bits(board.card().newest_model(), pictures[:1]) if written else []
    expect(f"power, {way}: the board answers with that model", bits_of(board.run(script))[:1] == expected)


def accuracy(room, *classes):
    """Records the first 20 of each class, and shows the last 8: neighbouring frames are nearly alike."""
    a, b = camera(room, *classes)
    board, script = Board("-".join((room,) + classes), "answer_every=100\niterations=300\n"), Script()
    for pair in zip(a[:20], b[:20]):
        script.record("A", pair[:1])
        script.record("B", pair[1:])
    script.see(a[0], 40)
    for picture in a[-8:] + b[-8:]:
        script.see(picture, 0.6)
    script.end()
    lines = board.run(script)
    model, seen = board.card().newest_model(), a[-8:] + b[-8:]
    expect(f"{room}: the answers to {len(seen)} frames equal the desktop's with the same model, to the bit",
           answers_agree(lines, model, seen))
    values = [struct.unpack(">d", bytes.fromhex(bits))[0] for bits in desktop_bits(model, seen)]
    right = sum((p > 0.5) == (j >= 8) for j, p in enumerate(values))
    sure = sum(p < 0.35 or p > 0.65 for p in values)
    print(f"        {room}, {' and '.join(classes)}: {right} of 16 right, {sure} of them sure")
    return right


def test_accuracy():
    right = sum(accuracy(room, "1Cup", "2Pen") for room in ("table", "floor", "desktop"))
    expect(f"camera: {right} of 48 right on frames of a later time", right >= 36)


a, b = drawings()
jobs = [
    lambda: test_power(a[:4] + b[:4], "kill"),
    lambda: test_power(a[:4] + b[:4], "cut"),
    test_frames,
    test_settings,
    lambda: test_changes(a, b),
    lambda: test_damage(a),
    lambda: test_full(a, b),
    lambda: test_session("drawings", a, b, 8),
]
if PHOTOS.exists():
    cups, pens = camera("table", "1Cup", "2Pen")
    more_cups, more_pens = camera("floor", "1Cup", "2Pen")
    jobs += [lambda: test_session("camera", cups + more_cups[:10], pens + more_pens[:10], 30), test_accuracy]
else:
    print(f"SKIPPED the photos, using drawings: {PHOTOS} does not exist (set NN_DATA)")
with ThreadPoolExecutor(2) as pool:
    for done in [pool.submit(job) for job in jobs]:
        done.result()
sys.exit(failures > 0)
