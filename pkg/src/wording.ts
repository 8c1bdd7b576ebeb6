/**
 * Texts and plans of a campaign against the tables of rules: which words they should not have, and who would be
 * written to too often.
 *
 * Words are found all at once, by the automaton of Aho and Corasick (1975): time grows with the text, not
 * with the number of words. Full-width forms, capitals, and blanks or invisible characters between the
 * letters of a word do not hide it.
 */
import { fail } from './errors.js'
import { type Both, type ContactLimits, CONTACTS, type ContactLimit, WORDS, type WordRule, type WordRules } from './rules.js'

/** A word that was found. */
export interface WordFound {
  /** The text as it stands there. */
  text: string
  /** The word of the table. */
  word: string
  /** Where it begins and ends, in UTF-16 units as strings of JavaScript count. */
  start: number
  end: number
  kind: WordRule['kind']
  suggestion: Both
  source: Both
}

/** Letters that are compared, and where each came from. */
function folded(text: string): { letters: string[]; from: number[]; to: number[] } {
  const letters: string[] = []
  const from: number[] = []
  const to: number[] = []
  let at = 0
  for (const character of text) {
    const until = at + character.length
    if (!/[\s\p{Cf}\p{Mn}·•*_~|-]/u.test(character)) {
      for (const letter of character.normalize('NFKC').toLowerCase()) {
        letters.push(letter)
        from.push(at)
        to.push(until)
      }
    }
    at = until
  }
  return { letters, from, to }
}

interface Node {
  next: Map<string, Node>
  /** The longest end of what was read that begins a word too. */
  back: Node | null
  /** Words that end here: their number and length. */
  ends: { word: number; length: number }[]
}

/** All words in a text: number, first letter, letter behind the last. */
function found(words: readonly string[], letters: readonly string[]): { word: number; start: number; end: number }[] {
  const root: Node = { next: new Map(), back: null, ends: [] }
  words.forEach((text, word) => {
    let node = root
    const own = folded(text).letters
    for (const letter of own) {
      let next = node.next.get(letter)
      if (!next) node.next.set(letter, (next = { next: new Map(), back: null, ends: [] }))
      node = next
    }
    if (own.length > 0) node.ends.push({ word, length: own.length })
  })
  // By depth: what a node falls back to is always shallower, and ready.
  const queue = [...root.next.values()]
  for (const node of queue) node.back = root
  for (const node of queue) {
    for (const [letter, next] of node.next) {
      let back = node.back
      while (back && !back.next.has(letter)) back = back.back
      next.back = back?.next.get(letter) ?? root
      next.ends.push(...next.back.ends)
      queue.push(next)
    }
  }
  const all: { word: number; start: number; end: number }[] = []
  let node = root
  letters.forEach((letter, at) => {
    while (node !== root && !node.next.has(letter)) node = node.back ?? root
    node = node.next.get(letter) ?? root
    for (const { word, length } of node.ends) all.push({ word, start: at + 1 - length, end: at + 1 })
  })
  return all
}

/**
 * Words of the rules in a text, in the order in which they stand there. On a channel only the rules of that
 * channel count, and those of all; without one, all but the rules of single channels' forms of message.
 */
export function checkText(text: string, { channel, rules = WORDS }: { channel?: string; rules?: WordRules } = {}): WordFound[] {
  const counts = ({ channels, kind }: WordRule): boolean => (channels === undefined ? true : channel === undefined ? kind !== 'template' : channels.includes(channel))
  const used = rules.rules.filter(counts)
  const { letters, from, to } = folded(text)
  const words = used.flatMap(rule => rule.words.map(word => ({ rule, word })))
  const excepted = used.flatMap(rule => (rule.except ?? []).map(word => ({ rule, word })))
  const all = found([...words, ...excepted].map(({ word }) => word), letters)
  const isException = ({ word }: typeof all[number]): boolean => word >= words.length
  // From the left, the longest first: what encloses a word has been seen before it.
  all.sort((a, b) => a.start - b.start || b.end - a.end || b.word - a.word)
  const free = new Map<WordRule, number>()
  const hits: typeof all = []
  let longest = { start: -1, end: -1 }
  for (const one of all) {
    if (isException(one)) {
      const { rule } = excepted[one.word - words.length] as (typeof excepted)[number]
      free.set(rule, Math.max(free.get(rule) ?? 0, one.end))
      continue
    }
    const { rule } = words[one.word] as (typeof words)[number]
    // Of words in one another the longest says it all.
    const isInside = longest.end >= one.end && (longest.start !== one.start || longest.end !== one.end)
    if ((free.get(rule) ?? 0) >= one.end || isInside) continue
    hits.push(one)
    if (one.end > longest.end) longest = one
  }
  return hits.map(hit => {
    const { rule, word } = words[hit.word] as (typeof words)[number]
    const [start, end] = [from[hit.start] ?? 0, to[hit.end - 1] ?? text.length]
    return { text: text.slice(start, end), word, start, end, kind: rule.kind, suggestion: rule.suggestion, source: rule.source }
  })
}

/** A message to a customer, sent or planned. `at` is its local instant, such as `2025-06-01T09:00:00+08:00`. */
export interface Contact {
  customer: string
  channel: string
  at: string
}

/** A limit that a plan would break. */
export interface TooOften {
  customer: string
  /** The day or month, as it is where the messages are sent. */
  within: string
  /** Messages in it, those that were sent included. */
  count: number
  limit: ContactLimit
}

/** Customers who would be written to more often than a limit allows, by local days and months. */
export function checkContacts(planned: readonly Contact[], { sent = [], rules = CONTACTS }: { sent?: readonly Contact[]; rules?: ContactLimits } = {}): TooOften[] {
  const wrong = [...sent, ...planned].findIndex(({ at }) => !/^\d{4}-\d\d-\d\d(T|$)/.test(at))
  if (wrong >= 0) throw fail('date', 'The instant of a message is such as 2025-06-01T09:00:00+08:00.', { path: wrong < sent.length ? `sent[${wrong}].at` : `planned[${wrong - sent.length}].at` })
  const over: TooOften[] = []
  for (const limit of rules.limits) {
    const within = ({ at }: Contact): string => at.slice(0, limit.per === 'day' ? 10 : 7)
    const counts = new Map<string, TooOften>()
    const count = (one: Contact, isPlanned: boolean): void => {
      if (one.channel !== limit.channel) return
      const key = JSON.stringify([one.customer, within(one)])
      const known = counts.get(key)
      // What is over already is not the plan's doing unless it adds to it.
      if (!known && !isPlanned) return
      const now = known ?? { customer: one.customer, within: within(one), count: 0, limit }
      now.count++
      counts.set(key, now)
    }
    for (const one of planned) count(one, true)
    for (const one of sent) count(one, false)
    over.push(...[...counts.values()].filter(({ count }) => count > limit.max))
  }
  return over
}
