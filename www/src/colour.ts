// Which text colour can be read on a colour of the scale.

const channels = (hex: string): [number, number, number] => [1, 3, 5].map(at => Number.parseInt(hex.slice(at, at + 2), 16)) as [number, number, number]

function luminance(rgb: readonly number[]): number {
  const [r = 0, g = 0, b = 0] = rgb.map(value => {
    const x = value / 255
    return x <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * r + 0.7152 * g + 0.0722 * b
}

/** Black or white, whichever has more contrast on the colour at `share` (0…1) of the scale: always at least 4.5 to 1. */
export function readable(scale: readonly string[], share: number): string {
  const at = Math.min(1, Math.max(0, share)) * (scale.length - 1)
  const low = channels(scale[Math.floor(at)] ?? '#ffffff')
  const high = channels(scale[Math.ceil(at)] ?? '#ffffff')
  const mix = low.map((value, i) => value + ((high[i] ?? value) - value) * (at - Math.floor(at)))
  const ground = luminance(mix)
  return 1.05 / (ground + 0.05) > (ground + 0.05) / 0.05 ? '#ffffff' : '#000000'
}
