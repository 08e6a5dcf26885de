import { crc32, deflateSync } from 'node:zlib';

/**
 * Pictures of the sample's goods, drawn rather than stored: PNG, because mail clients show no SVG. A shape is a signed
 * distance (below 0: inside) in a square from -1 to 1, y downwards.
 */
type Shape = (x: number, y: number) => number;

const side = 320;

const circle =
  (cx: number, cy: number, radius: number): Shape =>
  (x, y) =>
    Math.hypot(x - cx, y - cy) - radius;
const box =
  (cx: number, cy: number, width: number, height: number, round = 0.04): Shape =>
  (x, y) => {
    const dx = Math.abs(x - cx) - width + round;
    const dy = Math.abs(y - cy) - height + round;
    return Math.hypot(Math.max(dx, 0), Math.max(dy, 0)) + Math.min(Math.max(dx, dy), 0) - round;
  };
const ring =
  (cx: number, cy: number, radius: number, width: number): Shape =>
  (x, y) =>
    Math.abs(Math.hypot(x - cx, y - cy) - radius) - width;
const union =
  (...shapes: Shape[]): Shape =>
  (x, y) =>
    Math.min(...shapes.map((shape) => shape(x, y)));
const within =
  (a: Shape, b: Shape): Shape =>
  (x, y) =>
    Math.max(a(x, y), b(x, y));
const above =
  (limit: number): Shape =>
  (_x, y) =>
    y - limit;
/** Wider towards the bottom: a lamp shade, a bag. */
const trapeze =
  (top: number, bottom: number, from: number, to: number): Shape =>
  (x, y) => {
    const half = from + ((to - from) * (y - top)) / (bottom - top);
    return Math.max((Math.abs(x) - half) * 0.9, top - y, y - bottom);
  };

const shapes: Record<string, Shape> = {
  Lamps: union(trapeze(-0.6, -0.1, 0.2, 0.48), box(0, 0.22, 0.035, 0.35), box(0, 0.58, 0.28, 0.05)),
  Chairs: union(
    box(0, -0.28, 0.34, 0.32, 0.14),
    box(0, 0.16, 0.42, 0.09, 0.06),
    box(-0.32, 0.42, 0.04, 0.22),
    box(0.32, 0.42, 0.04, 0.22),
  ),
  'Tea and coffee': union(box(-0.08, 0.02, 0.38, 0.36, 0.16), ring(0.36, 0, 0.18, 0.05), box(-0.04, 0.52, 0.56, 0.05)),
  Plants: union(
    trapeze(0.15, 0.62, 0.34, 0.24),
    circle(0, -0.34, 0.26),
    circle(-0.28, -0.12, 0.22),
    circle(0.28, -0.12, 0.22),
  ),
  Audio: union(
    within(ring(0, 0, 0.46, 0.055), above(0.08)),
    box(-0.44, 0.2, 0.13, 0.25, 0.1),
    box(0.44, 0.2, 0.13, 0.25, 0.1),
  ),
  Bags: union(within(ring(0, -0.2, 0.26, 0.045), above(-0.12)), trapeze(-0.2, 0.6, 0.38, 0.54)),
};
const anything = circle(0, 0, 0.5);

/** A PNG of 320 × 320: the category's shape in a colour of the product's own. */
export function picture(id: string, category: string): Buffer {
  const shape = shapes[category] ?? anything;
  const hue = crc32(id) % 360;
  const [ground, ink] = [colour(hue, 0.45, 0.9), colour((hue + 20) % 360, 0.42, 0.4)];
  const rows = Buffer.alloc(side * (side * 3 + 1));
  for (let row = 0, at = 0; row < side; row++) {
    at++; // each row begins with its filter: none
    for (let column = 0; column < side; column++) {
      const distance = shape((column / side) * 2 - 1, (row / side) * 2 - 1);
      const cover = Math.min(1, Math.max(0, 0.5 - (distance * side) / 2));
      for (let part = 0; part < 3; part++)
        rows[at++] = Math.round((ground[part] ?? 0) * (1 - cover) + (ink[part] ?? 0) * cover);
    }
  }
  return png(rows);
}

/** Hue in degrees, saturation and lightness from 0 to 1 → red, green, blue from 0 to 255. */
function colour(hue: number, saturation: number, lightness: number): number[] {
  const strength = saturation * Math.min(lightness, 1 - lightness);
  return [0, 8, 4].map((shift) => {
    const turn = (shift + hue / 30) % 12;
    return 255 * (lightness - strength * Math.max(-1, Math.min(turn - 3, 9 - turn, 1)));
  });
}

/** PNG (ISO/IEC 15948), 8 bits a channel, RGB. */
function png(rows: Buffer): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(side, 0);
  header.writeUInt32BE(side, 4);
  header.set([8, 2], 8);
  const signature = Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]);
  return Buffer.concat([
    signature,
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(rows)),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function chunk(type: string, data: Buffer): Buffer {
  const content = Buffer.concat([Buffer.from(type), data]);
  const framed = Buffer.alloc(content.length + 8);
  framed.writeUInt32BE(data.length, 0);
  content.copy(framed, 4);
  framed.writeUInt32BE(crc32(content), content.length + 4);
  return framed;
}
