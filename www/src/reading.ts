// How a file is read, as a flat list of choices: option path → value. What is not in the list is left to the package.
//
// The package takes nested options (`dates: { order: 'dmy' }`), its proposals and remedies name them by path
// (`dates.order`); the page keeps, stores and compares them by path.

export type Value = string | number | boolean
export type Reading = Readonly<Record<string, Value>>

/** The choices that this page knows how to show. Nothing else is taken from a proposal or from storage. */
export const OPTIONS = [
  'format',
  'sheet',
  'encoding',
  'delimiter',
  'header',
  'decimal',
  'units',
  'accounting',
  'dates.order',
  'dates.serial',
  'dates.epoch',
  'dates.pivot',
  'duplicates',
] as const
export type Option = (typeof OPTIONS)[number]

export const isOption = (name: string): name is Option => (OPTIONS as readonly string[]).includes(name)
const isValue = (value: unknown): value is Value => ['string', 'number', 'boolean'].includes(typeof value)

/** The choices as the package takes them. */
export function nested(reading: Reading): Record<string, unknown> {
  const options: Record<string, unknown> = {}
  for (const name of OPTIONS) {
    const value = Object.hasOwn(reading, name) ? reading[name] : undefined
    if (value === undefined) continue
    const [outer, inner] = name.split('.') as [string, string | undefined]
    if (inner === undefined) options[outer] = value
    else options[outer] = { ...(options[outer] as object | undefined), [inner]: value }
  }
  return options
}

/** The choices in options of the package. */
export function flat(options: object): Reading {
  const reading: Record<string, Value> = {}
  const own = (from: unknown, key: string): unknown => (typeof from === 'object' && from !== null && Object.hasOwn(from, key) ? (from as Record<string, unknown>)[key] : undefined)
  for (const name of OPTIONS) {
    const [outer, inner] = name.split('.') as [string, string | undefined]
    const value = inner === undefined ? own(options, outer) : own(own(options, outer), inner)
    if (isValue(value)) reading[name] = value
  }
  return reading
}

/** One choice; null leaves it to the package. */
export interface Choice {
  option: Option
  value: Value | null
}

/** The choices that an option of the package stands for, which may hold several: `dates: { order, pivot }`. */
export function choicesOf(option: string, value: unknown): Choice[] {
  const [outer, inner] = option.split('.') as [string, string | undefined]
  const found = flat({ [outer]: inner === undefined ? value : { [inner]: value } })
  return OPTIONS.filter(name => found[name] !== undefined).map(name => ({ option: name, value: found[name] as Value }))
}

/** The list with these choices in it. */
export function chosen(reading: Reading, choices: readonly Choice[]): Reading {
  const next: Record<string, Value> = { ...reading }
  for (const { option, value } of choices) {
    if (value === null) delete next[option]
    else next[option] = value
  }
  return next
}

/** Whether the list has all these choices. */
export const has = (reading: Reading, choices: readonly Choice[]) => choices.every(({ option, value }) => (reading[option] ?? null) === value)

export const sameReading = (a: Reading, b: Reading) => OPTIONS.every(name => a[name] === b[name])
