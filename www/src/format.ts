// Numbers, money and dates as the reader of the page writes them.
import { locale } from './text/language.svelte'

const memo = new Map<string, Intl.NumberFormat>()
const days = new Map<string, Intl.DateTimeFormat>()

function formatter(options: Intl.NumberFormatOptions): Intl.NumberFormat {
  const key = locale() + JSON.stringify(options)
  let found = memo.get(key)
  if (found === undefined) memo.set(key, (found = new Intl.NumberFormat(locale(), { signDisplay: 'negative', ...options })))
  return found
}

/** A number with at most `digits` decimals. */
export const number = (value: number, digits = 0) =>
  formatter({ minimumFractionDigits: digits, maximumFractionDigits: digits }).format(value)

/** A share of 1 as a percentage with one decimal. */
export const percent = (share: number, digits = 1) =>
  formatter({ style: 'percent', minimumFractionDigits: digits, maximumFractionDigits: digits }).format(share)

/** A part of a whole as a percentage; one that is there but would round to nothing is "less than 0.1 %". */
export function share(part: number, whole: number): string {
  const of = whole === 0 ? 0 : part / whole
  if (part > 0 && of < 0.0005) return `< ${percent(0.001)}`
  return part < whole && of > 0.9995 ? `> ${percent(0.999)}` : percent(of)
}

/** An amount with the chosen sign; cents are shown below a thousand only unless `exact`. */
export function money(value: number, currency: string, exact = false): string {
  const digits = exact || Math.abs(value) < 1000 ? 2 : 0
  const fraction = { minimumFractionDigits: digits, maximumFractionDigits: digits }
  return currency === ''
    ? formatter(fraction).format(value)
    : formatter({ style: 'currency', currency, currencyDisplay: 'narrowSymbol', ...fraction }).format(value)
}

/** The local calendar day of an instant, `2025-06-01`. */
export function isoDay(ms: number, zone: string): string {
  const parts = new Intl.DateTimeFormat('en-US', { timeZone: zone, calendar: 'gregory', numberingSystem: 'latn', year: 'numeric', month: '2-digit', day: '2-digit' }).formatToParts(ms)
  const part = (type: string) => parts.find(p => p.type === type)?.value ?? ''
  return `${part('year').padStart(4, '0')}-${part('month')}-${part('day')}`
}

/** The day after the local calendar day of an instant. */
export function dayAfter(ms: number, zone: string): string {
  const next = new Date(`${isoDay(ms, zone)}T00:00:00Z`)
  next.setUTCDate(next.getUTCDate() + 1)
  return next.toISOString().slice(0, 10)
}

/** The local calendar day of an instant, in words of the language. */
export function day(ms: number, zone: string): string {
  const key = `${locale()} ${zone}`
  let found = days.get(key)
  if (found === undefined) days.set(key, (found = new Intl.DateTimeFormat(locale(), { timeZone: zone, dateStyle: 'medium' })))
  return found.format(ms)
}

/** The local calendar days from one instant to another, as short as the language allows. */
export const period = (from: number, to: number, zone: string) => new Intl.DateTimeFormat(locale(), { timeZone: zone, dateStyle: 'medium' }).formatRange(from, to)

/** A number of bytes in the unit that fits. */
export function bytes(count: number): string {
  if (count < 1e6) return `${number(count / 1e3, count < 1e4 ? 1 : 0)} KB`
  return count < 1e9 ? `${number(count / 1e6, 1)} MB` : `${number(count / 1e9, 2)} GB`
}
