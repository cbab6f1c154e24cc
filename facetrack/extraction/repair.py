"""Picture files that a decoder refuses although their pixels are there, wholly or in part.

A PNG whose texts or colour profile are too large or damaged is read without them; of a JPEG, PNG,
GIF, BMP or PNM that ends too early, what there is.
"""

import struct
import zlib
from collections.abc import Iterator

_PNG = b"\x89PNG\r\n\x1a\n"
# The colours need the first four; the fifth says which side is up.
_KEPT = frozenset({b"IHDR", b"PLTE", b"IDAT", b"tRNS", b"eXIf"})
_TEXTS = frozenset({b"tEXt", b"zTXt", b"iTXt"})  # which side is up may be said here too
_MAX_TEXT = 1 << 20  # bytes, as Pillow has it
_END_OF_JPEG = b"\xff\xd9"
# After one of them that is not whole nothing can be read, up to it everything can.
_JPEG_SEGMENTS = (b"\xff\xc4", b"\xff\xda", b"\xff\xdb", b"\xff\xdd", b"\xff\xfe")
_MAX_MISSING = 64 << 20


def repairs(data: bytes) -> Iterator[tuple[bytes, bool]]:
    """Contents to read instead of a file's, the best first; and whether the file was cut short."""
    if data.startswith(_PNG):
        yield from _of_png(data)
    elif data.startswith(b"\xff\xd8"):
        yield data + _END_OF_JPEG, True
        yield data[: max(data.rfind(segment) for segment in _JPEG_SEGMENTS)] + _END_OF_JPEG, True
    elif data.startswith(b"GIF8"):
        yield from _of_gif(data)
    elif data.startswith((b"BM", b"P4", b"P5", b"P6")):
        yield data + bytes(_MAX_MISSING), True


def _of_png(data: bytes) -> Iterator[tuple[bytes, bool]]:
    kept, pixels, whole = [], [], False
    for kind, content, crc in _chunks(data):
        if kind == b"IEND":
            whole = True
        elif kind == b"IDAT":
            pixels.append(content)
        elif zlib.crc32(kind + content) == crc and (
            kind in _KEPT or (kind in _TEXTS and _is_small(kind, content))
        ):
            kept.append((kind, content))
    if not kept or kept[0][0] != b"IHDR" or len(kept[0][1]) != 13:
        return
    stream = b"".join(pixels)
    del pixels
    if not whole:
        stream = _complete(stream, kept[0][1])
    chunks = [*kept, (b"IDAT", stream), (b"IEND", b"")]
    yield _PNG + b"".join(_chunk(kind, content) for kind, content in chunks), not whole


def _of_gif(data: bytes) -> Iterator[tuple[bytes, bool]]:
    """The first picture of a GIF whose pixels end too early, filled up with its first colour."""
    colours, at = data[10] if len(data) > 10 else 0, 13
    if colours & 0x80:
        at += 3 << (1 + (colours & 7))
    while data[at : at + 1] == b"!":  # an extension: its kind, and blocks
        at = _pass_blocks(data, at + 2)
    if data[at : at + 1] != b"," or at + 10 >= len(data):
        return
    width, height, local = struct.unpack_from("<HHB", data, at + 5)
    at += 11 + (3 << (1 + (local & 7)) if local & 0x80 else 0)
    short = _pass_blocks(data, at) - len(data)
    if short < 0:
        return
    # Code 0 is the first colour, and codes have at most 12 bits: 170 of them in a full block.
    missing = min(1 + width * height // 170, _MAX_MISSING >> 8)
    yield data + bytes(short) + (b"\xff" + bytes(255)) * missing + b"\0;", True


def _pass_blocks(data: bytes, at: int) -> int:
    """Where the blocks that start there end; of blocks cut short, where the last would end."""
    while at < len(data) and data[at]:
        at += 1 + data[at]
    return at + 1 if at < len(data) else at


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes, int]]:
    """Kind, content and checksum of a PNG's chunks; the last one may be short, its checksum 0."""
    at = len(_PNG)
    while at + 8 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        end = at + 8 + length
        crc = struct.unpack_from(">I", data, end)[0] if end + 4 <= len(data) else 0
        yield kind, data[at + 8 : end], crc
        at = end + 4


def _chunk(kind: bytes, content: bytes) -> bytes:
    crc = zlib.crc32(content, zlib.crc32(kind))
    return struct.pack(">I4s", len(content), kind) + content + struct.pack(">I", crc)


def _is_small(kind: bytes, content: bytes) -> bool:
    """Whether a text unpacks to no more than Pillow takes."""
    if len(content) > _MAX_TEXT:
        return False
    _, _, rest = content.partition(b"\0")
    if kind == b"zTXt":
        packed = rest[1:]
    elif kind == b"iTXt" and rest[:1] == b"\1":
        packed = rest[2:].split(b"\0", 2)[-1]
    else:
        return True
    unpacking = zlib.decompressobj()
    try:
        unpacking.decompress(packed, _MAX_TEXT)
    except zlib.error:
        return False
    return unpacking.eof


def _complete(stream: bytes, header: bytes) -> bytes:
    """The packed pixels of a PNG that ends too early, with zeros for what is missing."""
    width, height, bits, colour = struct.unpack_from(">IIBB", header)
    channels = {2: 3, 4: 2, 6: 4}.get(colour, 1)
    # An interlaced picture has up to 7 passes, each with rows of its own.
    size = 2 * height * (1 + (width * bits * channels + 7) // 8)
    unpacking, packing = zlib.decompressobj(), zlib.compressobj(1)
    packed = []
    try:
        while size > 0 and stream and not unpacking.eof:
            part = unpacking.decompress(stream, _MAX_TEXT)
            stream = unpacking.unconsumed_tail
            size -= len(part)
            packed.append(packing.compress(part))
    except zlib.error:  # what was unpacked before is sound
        pass
    while size > 0:
        packed.append(packing.compress(bytes(min(size, _MAX_TEXT))))
        size -= _MAX_TEXT
    return b"".join([*packed, packing.flush()])
