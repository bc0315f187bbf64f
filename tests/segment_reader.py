"""A second reader of segments, written from docs/segment-format.md alone: gives the lines of a segment back.

    python3 tests/segment_reader.py FILE.wseg > lines
    python3 tests/segment_reader.py --sizes FILE.wseg   # where its bytes are

Python's standard library and libzstd by ctypes; checksums are left to others. Of the time layouts it knows the ISO ones
written YYYY-MM-DD HH:MM:SS with a fraction of three digits or none, and says so when it meets another.
"""

import ctypes
import ctypes.util
import datetime
import pathlib
import struct
import sys

MAGIC = b"WHITTLE\x1a"
zstd = ctypes.CDLL(ctypes.util.find_library("zstd") or "libzstd.so.1")
zstd.ZSTD_createDCtx.restype = ctypes.c_void_p
zstd.ZSTD_decompressDCtx.restype = ctypes.c_size_t
zstd.ZSTD_decompressDCtx.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t, ctypes.c_char_p, ctypes.c_size_t]
zstd.ZSTD_DCtx_setParameter.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_int]
FORMAT_PARAMETER, MAGICLESS = 1000, 1
MASK = (1 << 64) - 1


def decompress(stored, size):
    context = zstd.ZSTD_createDCtx()
    zstd.ZSTD_DCtx_setParameter(context, FORMAT_PARAMETER, MAGICLESS)
    out = ctypes.create_string_buffer(max(size, 1))
    got = zstd.ZSTD_decompressDCtx(context, out, size, stored, len(stored))
    zstd.ZSTD_freeDCtx(ctypes.c_void_p(context))
    if got != size:
        raise ValueError("a frame does not decompress")
    return out.raw[:size]


def signed64(value):
    value &= MASK
    return value - (1 << 64) if value >> 63 else value


def unzigzag(value):
    return value >> 1 ^ -(value & 1)


class Bytes:
    def __init__(self, data):
        self.data, self.at = data, 0

    def raw(self, size):
        if size > len(self.data) - self.at:
            raise ValueError("it ends early")
        self.at += size
        return self.data[self.at - size:self.at]

    def u8(self):
        return self.raw(1)[0]

    def varint(self):
        value = shift = 0
        while True:
            byte = self.u8()
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value & MASK

    def signed(self):
        return unzigzag(self.varint())

    def bytes(self):
        return self.raw(self.varint())

    def terminated(self):
        text = self.raw(self.data.index(b"\0", self.at) - self.at)
        self.u8()
        return text

    def left(self):
        return len(self.data) - self.at


class Segment:
    def __init__(self, data):
        if data[:8] != MAGIC or data[-8:] != MAGIC[::-1] or struct.unpack("<H", data[8:10])[0] != 1:
            raise ValueError("not a segment of version 1")
        self.minor = struct.unpack("<H", data[10:12])[0]
        features, at, stored, raw = struct.unpack("<4Q", data[-56:-24])
        if features & ~1:  # bit 0: shapes with constant fields
            raise ValueError("needs features this reader does not know")
        self.footer(Bytes(decompress(data[at:at + stored], raw)))
        position = 16
        self.frames = {}  # by kind: their bytes, in order
        for kind, method, raw, stored in self.frame_table:
            blob = data[position:position + stored]
            position += stored
            self.frames.setdefault(kind, []).append(decompress(blob, raw) if method else blob)
        if position != at:
            raise ValueError("frames do not fill the file")
        self.directory(Bytes(b"".join(self.frames[0])))
        self.shapes(Bytes(b"".join(self.frames.get(1, []))))

    def footer(self, f):
        f.bytes()
        self.rows, self.records, self.text_bytes, self.shape_count, self.column_count = (f.varint() for _ in range(5))
        for _ in range(f.varint()):  # row groups
            f.varint(), f.raw(16)
        for _ in range(f.varint()):  # sources
            f.bytes(), f.bytes()
            for _ in range(f.varint()):
                f.bytes(), f.u8(), f.bytes()
        for _ in range(f.varint()):  # runs
            [f.varint() for _ in range(6)]
        self.sections = []  # id and size
        for _ in range(f.varint()):
            self.sections.append((struct.unpack("<HB", f.raw(3))[0], f.varint()))
        self.frame_table = []
        for _ in range(f.varint()):
            kind, method, raw, stored = f.u8(), f.u8(), f.varint(), f.varint()
            f.raw(8)
            self.frame_table.append((kind, method, raw, stored))
        if self.minor > 0:
            self.stream_ids = [struct.unpack("<H", f.raw(2))[0] for _ in range(f.varint())]

    def directory(self, d):
        count = d.varint()
        kinds = [d.u8() for _ in range(count)]
        streams = [struct.unpack("<H", d.raw(2))[0] for kind in kinds if kind & 127 == 3]
        if self.minor > 0 and sorted(streams) != self.stream_ids:
            raise ValueError("footer and directory name other streams")
        counts = [d.varint() for _ in range(count)]
        described = [i for i in range(count) if kinds[i] & 127 != 5]
        sizes = [d.varint() for _ in described]
        blob_counts = [d.varint() for _ in described]
        blobs = d.varint()
        blob_kinds = [d.u8() for _ in range(blobs)]
        blob_sizes = [d.varint() for _ in range(blobs)]
        # Blobs of a kind follow each other through its frames, never across two.
        frame, offset, data = {}, {}, []
        for kind, size in zip(blob_kinds, blob_sizes):
            if size == 0:
                data.append(b"")
                continue
            at = frame.setdefault(kind, 0)
            if offset.setdefault(kind, 0) == len(self.frames[kind][at]):
                at = frame[kind] = at + 1
                offset[kind] = 0
            begin = offset[kind]
            data.append(self.frames[kind][at][begin:begin + size])
            if len(data[-1]) != size:
                raise ValueError("a blob lies across two frames")
            offset[kind] += size
        self.nodes, next_blob = [None] * count, 0
        for i, size, blob_count in zip(described, sizes, blob_counts):
            self.nodes[i] = kinds[i] & 127, counts[i], Node(d.raw(size), data[next_blob:next_blob + blob_count])
            next_blob += blob_count
        for i in range(count):
            if self.nodes[i] is None:  # a column that is one text
                self.nodes[i] = 2, counts[i], Node.constant(d.terminated())
        self.columns = [(values, node) for kind, values, node in self.nodes if kind == 2]
        self.groups = [(values, node) for kind, values, node in self.nodes if kind == 4]

    def shapes(self, s):
        self.pieces, self.slots = [], []  # per shape: literals, None for a slot; columns of its slots
        if s.varint() != self.shape_count:
            raise ValueError("shapes: another count")
        contexts, counts, heads, layouts, texts, fields, bodies, signatures = columns = [Bytes(s.bytes()) for _ in range(8)]
        before = []  # per context: pieces of its last shape
        for _ in range(self.shape_count):
            context = contexts.varint()
            if context == len(before):
                contexts.bytes(), contexts.bytes(), contexts.bytes()
                before.append([])
            head, tail, own = counts.varint(), counts.varint(), counts.varint()
            last = before[context]
            pieces = last[:head] + [self.piece(heads, layouts, texts) for _ in range(own)] + last[len(last) - tail:]
            before[context] = pieces
            fields.varint()  # as before
            for _ in range(fields.varint()):
                role = fields.u8()
                fields.u8(), fields.varint(), fields.varint(), fields.varint(), fields.bytes()
                if role & 0x80:  # a constant
                    fields.bytes()
            bodies.varint(), bodies.varint()
            if bodies.u8() & 8:
                signatures.raw(8)
            self.pieces.append(pieces)
        for pieces in self.pieces:
            slots, column = [], -1
            for _ in range(pieces.count(None)):
                column += 1 + s.signed()
                slots.append(column)
            self.slots.append(slots)
        if s.left() or any(column.left() for column in columns):
            raise ValueError("shapes: bytes left over")

    @staticmethod
    def piece(heads, layouts, texts):
        head = heads.u8()
        if head == 0x82:
            return b" "
        if head & 0x20:
            layouts.varint()
        if head & 3 == 2:
            return None
        return texts.bytes() if head & 0x80 else texts.terminated()

    def lines(self):
        shape_node, flag_node = self.nodes[0][2], self.nodes[1][2]
        order = shape_node.integers(self.shape_count)
        planes = [shape_node.blob() for _ in range(shape_node.d.u8())]
        shapes = [order[sum(plane[i] << 8 * k for k, plane in enumerate(planes))] for i in range(self.rows)]
        usual = flag_node.integers(self.shape_count)
        flags = [usual[shape] ^ own for shape, own in zip(shapes, flag_node.integers(self.rows))]
        group_of, values = {}, []
        for c, (count, node) in enumerate(self.columns):
            if node.d.data[:1] == b"\x0a":
                node.d.u8()
                group_of[c] = node.d.varint()
                values.append(None)
            else:
                values.append(iter(node.texts(count)))
        grouped = []
        for count, node in self.groups:
            words = node.d.varint()
            numbers = node.references(count, words)
            texts = node.texts(words)
            grouped.append(iter([texts[n] for n in numbers]))
        for shape, flag in zip(shapes, flags):
            slots = iter([next(grouped[group_of[c]] if c in group_of else values[c]) for c in self.slots[shape]])
            yield b"".join(next(slots) if piece is None else piece for piece in self.pieces[shape]) + \
                (b"", b"\n", b"\r\n")[flag >> 1 & 3]


class Node:
    def __init__(self, descriptor, blobs):
        self.d, self.blobs = Bytes(descriptor), iter(blobs)

    @classmethod
    def constant(cls, text):
        size = bytearray()
        left = len(text)
        while left > 127:
            size.append(left & 127 | 128)
            left >>= 7
        return cls(bytes([0, *size, left]) + text, [])

    def blob(self):
        return next(self.blobs)

    def integers(self, count):
        head = self.d.u8()
        op, order = head & 15, head >> 4
        if op == 3:
            words = self.integers(self.d.varint())
            return [words[i] for i in self.blob()]
        first = self.d.signed()
        if op == 0:
            return [first] * count
        step = self.d.signed() if order == 2 else 0
        stored = count - order
        if op == 1:
            planes = [self.blob() for _ in range(self.d.u8())]
            residuals = [sum(plane[i] << 8 * k for k, plane in enumerate(planes)) for i in range(stored)]
        else:
            blob = Bytes(self.blob())
            residuals = [blob.varint() for _ in range(stored)]
        if order == 0:
            return [signed64(first + r) for r in residuals]
        values = [first] if order == 1 else [first, signed64(first + step)]
        for r in residuals:
            step = unzigzag(r) if order == 1 else step + unzigzag(r)
            values.append(signed64(values[-1] + step))
        return values

    def references(self, count, words):
        if self.d.u8() == 0:
            return self.integers(count)
        ranks = self.blob()
        far = iter(self.integers(self.d.varint()))
        recent, fresh, numbers = [], 0, []
        for rank in ranks:
            if rank == 255:
                number, fresh = fresh, fresh + 1
            elif rank == 254:
                number = fresh - next(far)
            else:
                number = recent.pop(rank)
            recent.insert(0, number)
            del recent[254:]
            numbers.append(number)
        return numbers

    def texts(self, count):
        op, d = self.d.u8(), self.d
        if op == 0:
            return [d.bytes()] * count
        if op == 1:
            lengths, blob = self.integers(count), Bytes(self.blob())
            return [blob.raw(n) for n in lengths]
        if op == 2:
            return [b"%d" % v for v in self.integers(count)]
        if op == 3:
            width = d.varint()
            widths = [width] * count if width else self.integers(count)
            return [b"%0*d" % (w, v) if w else b"" for w, v in zip(widths, self.integers(count))]
        if op == 4:
            scale = d.varint()
            digits = [(v < 0, b"%0*d" % (scale + 1, abs(v))) for v in self.integers(count)]
            return [(b"-" if minus else b"") + text[:-scale] + b"." + text[-scale:] for minus, text in digits]
        if op == 5:
            layout = d.varint()
            return [tick_text(layout, tick) for tick in self.integers(count)]
        if op == 6:
            width, upper = d.varint(), d.u8()
            size, blob = (width + 1) // 2, self.blob()
            texts = [blob[i * size:(i + 1) * size].hex().encode()[-width:] for i in range(count)]
            return [text.upper() for text in texts] if upper else texts
        if op == 7:
            words = d.varint()
            numbers = self.references(count, words)
            texts = self.texts(words)
            return [texts[n] for n in numbers]
        if op == 8:
            classes = d.varint()
            ids = self.integers(count)
            children = [iter(self.texts(ids.count(k))) for k in range(classes)]
            return [next(children[k]) for k in ids]
        if op == 9:
            parts = d.varint()
            literals = [d.bytes() for _ in range(parts + 1)]
            children = [self.texts(count) for _ in range(parts)]
            return [literals[0] + b"".join(children[k][i] + literals[k + 1] for k in range(parts)) for i in range(count)]
        raise ValueError(f"text operation {op}")


# The layouts of 2015-10-18 18:01:47 with a space: no fraction, ",123", ".123"; no zone.
ISO_SPACE = {65: (b"", 1), 73: (b".", 1000), 105: (b",", 1000)}


def tick_text(layout, tick):
    if layout not in ISO_SPACE or tick >> 53:
        raise NotImplementedError(f"time layout {layout}")
    separator, unit = ISO_SPACE[layout]
    seconds, rest = divmod(tick, unit)
    time = datetime.datetime(1970, 1, 1) + datetime.timedelta(seconds=seconds)
    return time.strftime("%Y-%m-%d %H:%M:%S").encode() + (separator + b"%03d" % rest if separator else b"")


def sizes(segment):
    """Lines of a table: what a segment keeps, frames, bytes before compression and stored, the largest first."""
    names = {0: "directory", 1: "shapes", 2: "sections", 3: "row shapes", 4: "texts", 7: "small references", 8: "ranks",
             9: "varints", 10: "hex"}
    kinds = {}
    for kind, _, raw, stored in segment.frame_table:
        frames, raw_before, stored_before = kinds.get(kind, (0, 0, 0))
        kinds[kind] = frames + 1, raw_before + raw, stored_before + stored
    yield f"{segment.rows} rows, {segment.shape_count} shapes, {segment.column_count} columns"
    for kind, (frames, raw, stored) in sorted(kinds.items(), key=lambda item: -item[1][2]):
        yield f"{names.get(kind, f'plane {kind - 16}'):<17} {frames:>4} frames {raw:>12,} {stored:>12,}"
    for section, raw in segment.sections:
        yield f"  section {section:<7}             {raw:>12,}"


def main(arguments):
    segment = Segment(pathlib.Path(arguments[-1]).read_bytes())
    if arguments[0] == "--sizes":
        print("\n".join(sizes(segment)))
    else:
        sys.stdout.buffer.writelines(segment.lines())


if __name__ == "__main__":
    main(sys.argv[1:])
