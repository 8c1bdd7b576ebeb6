// The kinds of export that the reader asked this page to recognise: column names and choices, never a row.
//
// They are kept in this browser's storage, and only once the reader has ticked the box.
import { flat, type Reading } from './reading'

const STORED = 'siyu.exports'
const MOST = 50

/** One remembered kind of export. */
export interface Remembered {
  /** What decides how it is read. */
  profile: Stored
  /** The name of the file when it was remembered. */
  file: string
  currency: string
}

/** How a kind of export is read, as plain data: the options of `read`. */
export interface Stored {
  version: number
  kind: string
  name: string
  options: Record<string, unknown>
}

function isRemembered(value: unknown): value is Remembered {
  const one = value as Remembered | null
  return (
    typeof one === 'object' && one !== null && typeof one.file === 'string' && typeof one.currency === 'string' &&
    typeof one.profile === 'object' && one.profile !== null && one.profile.version === 1 && typeof one.profile.kind === 'string' &&
    typeof one.profile.options === 'object' && one.profile.options !== null
  )
}

function load(): Remembered[] {
  try {
    const all: unknown = JSON.parse(localStorage.getItem(STORED) ?? '[]')
    return Array.isArray(all) ? all.filter(isRemembered).slice(0, MOST) : []
  } catch {
    // Storage may be forbidden, or hold something else: then nothing is remembered.
    return []
  }
}

let list = $state.raw<readonly Remembered[]>(load())

function store(next: readonly Remembered[]): boolean {
  try {
    if (next.length === 0) localStorage.removeItem(STORED)
    else localStorage.setItem(STORED, JSON.stringify(next))
  } catch {
    return false
  }
  list = next
  return true
}

export const remembered = {
  get list() {
    return list
  },
  /** The one that was remembered of this kind. */
  of: (kind: string): Remembered | undefined => list.find(one => one.profile.kind === kind),
  /** Keeps one; one of the same kind is replaced. False if this browser does not store anything. */
  keep(one: Remembered): boolean {
    return store([one, ...list.filter(other => other.profile.kind !== one.profile.kind)].slice(0, MOST))
  },
  forget(kind: string) {
    store(list.filter(one => one.profile.kind !== kind))
  },
  forgetAll() {
    store([])
  },
}

/** The roles of a remembered export: the columns that are named in storage. */
export function columnsOf(one: Remembered): string[] {
  const roles = one.profile.options['roles']
  return typeof roles === 'object' && roles !== null ? Object.values(roles).filter(name => typeof name === 'string') : []
}

/** The choices of a remembered export. */
export const readingOf = (one: Remembered): Reading => flat(one.profile.options)
