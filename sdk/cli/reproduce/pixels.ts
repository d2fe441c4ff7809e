// Small pictures as data URIs.

import { Buffer } from "node:buffer";
import { encode } from "fast-png";

/** Red, green and blue, 0 to 255. */
export type Color = readonly [number, number, number];

/** The color of missing pixels. */
export const MISSING_COLOR: Color = [214, 40, 40];

/** The same where red would be taken for a value. */
export const NEUTRAL_COLOR: Color = [150, 155, 162];

/** A PNG of width×height, each pixel's color given by its number, row by row. */
export function pngUri(width: number, height: number, colorOf: (pixel: number) => Color): string {
  const data = new Uint8Array(width * height * 3);
  for (let pixel = 0; pixel < width * height; pixel++) data.set(colorOf(pixel), pixel * 3);
  return dataUri(encode({ width, height, data, depth: 8, channels: 3 }));
}

/** The bytes of a PNG as a data URI. */
export function dataUri(png: Uint8Array): string {
  return `data:image/png;base64,${Buffer.from(png).toString("base64")}`;
}

/** Black at 0, white at `white` and beyond. */
export function grey(value: number, white: number): Color {
  const level = Math.round(255 * Math.min(1, Math.max(0, white > 0 ? value / white : 0)));
  return [level, level, level];
}

/** White at 0, orange up to `most`, blue down to −`most`. */
export function diverging(value: number, most: number): Color {
  const share = Math.min(1, Math.max(-1, most > 0 ? value / most : 0));
  const [red, green, blue] = share < 0 ? [33, 102, 172] : [224, 130, 20];
  const strength = Math.abs(share);
  const mix = (end: number) => Math.round(255 + (end - 255) * strength);
  return [mix(red as number), mix(green as number), mix(blue as number)];
}
