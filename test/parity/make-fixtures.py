"""Writes test/parity/fixtures: what Pillow makes of seeded pixels and of small drawn pictures.

Run it with Pillow and numpy:  python test/parity/make-fixtures.py
The pixels of the resize cases are not stored: `pixels()` here and in pixels.ts are the same function.
"""

import gzip
import io
import json
import random
import struct
import zlib
from pathlib import Path

import numpy as np
import PIL
from PIL import Image, ImageDraw, ImageOps

OUT = Path(__file__).parent / "fixtures"
BILINEAR = Image.Resampling.BILINEAR


def pixels(width, height, seed):
    """Half a gradient, half noise from a hash of the position: [height, width, 3] uint8."""
    n = np.arange(width * height * 3, dtype=np.uint32)
    x, y, channel = n // 3 % width, n // 3 // width, n % 3
    h = (n ^ np.uint32(seed)) * np.uint32(0x9E3779B1)
    h = (h ^ (h >> 15)) * np.uint32(0x85EBCA77)
    noise = (h ^ (h >> 13)) & 255
    smooth = (x * (channel + 2) + y * 3 + seed) & 255
    return ((smooth + noise) >> 1).astype(np.uint8).reshape(height, width, 3)


def resize_in_order(image, target, box):
    """Across, then down, as every Pillow before 13; 13 sometimes goes down first, which rounds differently."""
    left, top, right, bottom = box
    narrow = image.resize((target[0], image.height), BILINEAR, (left, 0, right, image.height))
    return narrow.resize(target, BILINEAR, (0, top, target[0], bottom))


def fit_box(image, target):
    """The box that ImageOps.fit cuts out."""
    boxes = []
    spy = type("Spy", (), {"size": image.size, "resize": lambda self, size, method, box: boxes.append(box)})()
    ImageOps.fit(spy, target, BILINEAR)
    return boxes[0]


def resize_cases():
    rng = random.Random(20261117)
    cases, in_order, deltas = [], b"", b""
    for seed in range(200):
        kind = ["whole", "box", "box", "fit"][seed % 4]
        largest = 640 if seed % 20 == 0 else 90
        width, height = rng.randint(1, largest), rng.randint(1, largest)
        target = [rng.randint(1, 28), rng.randint(1, 28)]
        if seed == 7:
            width, height, target = 640, 480, [32, 32]
        image = Image.fromarray(pixels(width, height, seed))
        box = (0, 0, width, height)
        if kind == "fit":
            box = fit_box(image, target)
        elif kind == "box":
            left, top = rng.uniform(0, width * 0.6), rng.uniform(0, height * 0.6)
            box = (left, top, rng.uniform(left + 0.2, width), rng.uniform(top + 0.2, height))
        made = np.asarray(resize_in_order(image, target, box)).astype(int)
        one_call = ImageOps.fit(image, target, BILINEAR) if kind == "fit" else image.resize(target, BILINEAR, box)
        cases.append({"kind": kind, "seed": seed, "source": [width, height], "target": target, "box": box})
        in_order += made.astype(np.uint8).tobytes()
        deltas += (np.asarray(one_call) - made).astype(np.int8).tobytes()
    (OUT / "resize.bin").write_bytes(in_order)
    (OUT / "resize-one-call.bin.gz").write_bytes(gzip.compress(deltas, mtime=0))
    return cases


def picture():
    """A picture whose size is no multiple of a JPEG block, with edges, gradients and no symmetry."""
    gradient = pixels(45, 30, 5) // 8 + np.linspace(0, 200, 45, dtype=np.uint8)[None, :, None]
    image = Image.fromarray(gradient.astype(np.uint8))
    draw = ImageDraw.Draw(image)
    draw.ellipse((4, 3, 22, 17), fill=(220, 40, 30))
    draw.polygon([(28, 27), (43, 26), (38, 9)], fill=(20, 160, 220))
    draw.line((0, 29, 44, 0), fill=(250, 240, 60), width=2)
    return image


def reading(data):
    """Pillow's reading: upright, on white, RGB."""
    image = ImageOps.exif_transpose(Image.open(io.BytesIO(data)))
    if image.mode.startswith("I;16"):
        # Pillow clips 16-bit grey at 255, which is no picture; of 16-bit colour it keeps the high byte, so do that.
        image = Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
    image = image.convert("RGBA")
    ground = Image.new("RGB", image.size, "white")
    ground.paste(image, mask=image.getchannel("A"))
    return ground


def encode(image, format, **options):
    out = io.BytesIO()
    image.save(out, format, **options)
    return out.getvalue()


def chunk(name, data):
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def filtered(row, above, distance, kind):
    """One row of bytes with PNG filter `kind` applied."""
    left = np.concatenate([np.zeros(distance, int), row[:-distance]]) if len(row) > distance else np.zeros_like(row)
    corner = np.concatenate([np.zeros(distance, int), above[:-distance]]) if len(row) > distance else np.zeros_like(row)
    p = left + above - corner
    a, b, c = abs(p - left), abs(p - above), abs(p - corner)
    paeth = np.where((a <= b) & (a <= c), left, np.where(b <= c, above, corner))
    predicted = [0, left, above, (left + above) // 2, paeth][kind]
    return bytes([kind]) + ((row - predicted) % 256).astype(np.uint8).tobytes()


ADAM7 = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]


def png(samples, depth, color, interlaced=False, extra=b""):
    """Writes what Pillow cannot: any colour type, bit depth and Adam7; the rows take the five filters in turn."""
    height, width, channels = samples.shape
    raw = b""
    for left, top, step, row_step in ADAM7 if interlaced else [(0, 0, 1, 1)]:
        if left >= width or top >= height:
            continue
        above = None
        for y, values in enumerate(samples[top::row_step, left::step].reshape(len(range(top, height, row_step)), -1)):
            bits = (values[:, None] >> np.arange(depth - 1, -1, -1)) & 1
            row = np.packbits(bits.astype(np.uint8)).astype(int)
            raw += filtered(row, np.zeros_like(row) if above is None else above, max(1, channels * depth // 8), y % 5)
            above = row
    header = struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, interlaced)
    body = chunk(b"IHDR", header) + extra + chunk(b"IDAT", zlib.compress(raw)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def exif(orientation):
    block = Image.Exif()
    block[0x0112] = orientation
    return block.tobytes()


def images():
    rgb = picture()
    grey = rgb.convert("L")
    alpha = Image.linear_gradient("L").resize(rgb.size)
    rgba = rgb.copy()
    rgba.putalpha(alpha)
    palette = rgb.quantize(16)
    palette_trns = encode(palette, "PNG", transparency=bytes(range(0, 256, 17)))
    wide = np.asarray(rgb).astype(int) * 257 - 120 * (np.asarray(rgb) > 0)
    wide_alpha = np.dstack([wide, np.asarray(alpha).astype(int) * 257])
    deep = np.asarray(grey).astype(int)
    colors = chunk(b"PLTE", bytes(palette.getpalette()[:48]))
    indexes = np.asarray(palette).astype(int)[..., None]

    files = {
        "baseline-420.jpg": encode(rgb, "JPEG", quality=75, subsampling="4:2:0"),
        "baseline-422.jpg": encode(rgb, "JPEG", quality=75, subsampling="4:2:2"),
        "baseline-444.jpg": encode(rgb, "JPEG", quality=75, subsampling="4:4:4"),
        "quality-20.jpg": encode(rgb, "JPEG", quality=20),
        "quality-95.jpg": encode(rgb, "JPEG", quality=95),
        "progressive-420.jpg": encode(rgb, "JPEG", progressive=True, subsampling="4:2:0"),
        "progressive-444.jpg": encode(rgb, "JPEG", progressive=True, subsampling="4:4:4"),
        "restart.jpg": encode(rgb, "JPEG", restart_marker_blocks=1),
        "grey.jpg": encode(grey, "JPEG"),
        "stored-rgb.jpg": encode(rgb, "JPEG", keep_rgb=True),
        "rgb.png": encode(rgb, "PNG"),
        "rgba.png": encode(rgba, "PNG"),
        "grey.png": encode(grey, "PNG"),
        "grey-alpha.png": encode(rgba.convert("LA"), "PNG"),
        "palette.png": encode(palette, "PNG"),
        "palette-trns.png": palette_trns,
        "rgb-key.png": encode(rgb, "PNG", transparency=(220, 40, 30)),
        "grey-key.png": encode(grey, "PNG", transparency=int(grey.getpixel((12, 10)))),
        "grey-1.png": png(deep[..., None] >> 7, 1, 0),
        "grey-2.png": png(deep[..., None] >> 6, 2, 0),
        "grey-4.png": png(deep[..., None] >> 4, 4, 0),
        "grey-16.png": png(deep[..., None] * 257, 16, 0),
        "grey-alpha-16.png": png(np.dstack([deep * 257, wide_alpha[..., 3]]), 16, 4),
        "rgb-16.png": png(wide, 16, 2),
        "rgba-16.png": png(wide_alpha, 16, 6),
        "interlaced-rgb.png": png(np.asarray(rgb).astype(int), 8, 2, True),
        "interlaced-rgba-16.png": png(wide_alpha, 16, 6, True),
        "interlaced-palette-4.png": png(indexes, 4, 3, True, colors),
        "interlaced-grey-1.png": png(deep[..., None] >> 7, 1, 0, True),
        "interlaced-tiny.png": png(np.asarray(rgb).astype(int)[:3, :2], 8, 2, True),
        "lossy.webp": encode(rgb, "WEBP", quality=70),
        "lossy-alpha.webp": encode(rgba, "WEBP", quality=70),
        "lossless.webp": encode(rgb, "WEBP", lossless=True),
        "lossless-alpha.webp": encode(rgba, "WEBP", lossless=True),
        "orientation-6.png": encode(rgb, "PNG", exif=exif(6)),
        "orientation-8.webp": encode(rgb, "WEBP", exif=exif(8)),
    }
    for orientation in range(1, 9):
        files[f"orientation-{orientation}.jpg"] = encode(rgb, "JPEG", exif=exif(orientation))
    refused = {
        "cmyk.jpg": encode(rgb.convert("CMYK"), "JPEG"),
        "animated.png": encode(rgb, "PNG", save_all=True, append_images=[rgb.rotate(180)]),
        "animated.webp": encode(rgb, "WEBP", save_all=True, append_images=[rgb.rotate(180)]),
        "animated.gif": encode(rgb, "GIF", save_all=True, append_images=[rgb.rotate(180)]),
    }
    listed, out = [], b""
    for name, data in (files | refused).items():
        (OUT / "images" / name).write_bytes(data)
    for name, data in files.items():
        upright = reading(data)
        listed.append({"name": name, "width": upright.width, "height": upright.height})
        out += upright.tobytes()
    (OUT / "images.bin.gz").write_bytes(gzip.compress(out, mtime=0))
    return listed


(OUT / "images").mkdir(parents=True, exist_ok=True)
fixtures = {"pillow": PIL.__version__, "resize": resize_cases(), "images": images()}
lines = json.dumps(fixtures, separators=(",", ":")).replace("},{", "},\n{")
(OUT / "fixtures.json").write_text(lines + "\n")
