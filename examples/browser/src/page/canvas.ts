// Rasters on canvases: bytes become colours.

import type { Raster } from "../protocol.js";

type Color = readonly [number, number, number];
/** 256 colours of four bytes. */
type Palette = Uint32Array;

function palette(stops: readonly Color[], nothing?: Color): Palette {
  const colors = new Uint8Array(256 * 4);
  for (let value = 0; value < 256; value++) {
    const place = (value / 255) * (stops.length - 1);
    const below = Math.min(stops.length - 2, Math.floor(place));
    const mixed = (stops[below] as Color).map((from, channel) => {
      const to = (stops[below + 1] as Color)[channel] as number;
      return Math.round(from + (to - from) * (place - below));
    });
    colors.set([...(nothing && value === 255 ? nothing : mixed), 255], 4 * value);
  }
  return new Uint32Array(colors.buffer);
}

/** Viridis, and grey for what is missing (255). */
export const HEAT: Palette = palette(
  [
    [68, 1, 84],
    [72, 40, 120],
    [62, 74, 137],
    [49, 104, 142],
    [38, 130, 142],
    [31, 158, 137],
    [53, 183, 121],
    [110, 206, 88],
    [181, 222, 43],
    [253, 231, 37],
  ],
  [150, 150, 150],
);

/** From what is taken away over nothing (128) to what is added. */
export const SIGNED: Palette = palette([
  [20, 70, 130],
  [44, 106, 168],
  [150, 190, 220],
  [246, 246, 244],
  [240, 176, 140],
  [200, 90, 40],
  [140, 45, 10],
]);

export const GREY: Palette = palette([
  [0, 0, 0],
  [255, 255, 255],
]);

/** Paints a raster, one pixel a value; the style sheet says how large it is shown. */
export function paint(canvas: HTMLCanvasElement, { width, height, values }: Raster, colors: Palette): void {
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext("2d");
  if (!context) return;
  const image = context.createImageData(width, height);
  const pixels = new Uint32Array(image.data.buffer);
  for (let at = 0; at < pixels.length; at++) pixels[at] = colors[values[at] as number] as number;
  context.putImageData(image, 0, 0);
}
