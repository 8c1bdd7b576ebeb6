// The language of the page: which one, and how a message becomes a sentence.
import type { Key as AnswerKey } from './answer/en'
import type { Key as PageKey } from './en'
import type { Key as PrivacyKey } from './privacy/en'
import type { Key as ReturnKey } from './return/en'
import type { Key as TestKey } from './test/en'

export type Key = PageKey | AnswerKey | PrivacyKey | ReturnKey | TestKey
export type Language = 'en' | 'zh'

type Catalogue = Record<Key, string>

const load: Record<Language, () => Promise<Partial<Catalogue>>> = {
  en: async () => (await import('./en')).en,
  zh: async () => (await import('./zh')).zh,
}
/** Sentences that are not needed before their part of the page is: of what comes out, of privacy, of who comes back, of tests. */
const later = {
  answer: {
    en: async () => (await import('./answer/en')).en,
    zh: async () => (await import('./answer/zh')).zh,
  },
  privacy: {
    en: async () => (await import('./privacy/en')).en,
    zh: async () => (await import('./privacy/zh')).zh,
  },
  return: {
    en: async () => (await import('./return/en')).en,
    zh: async () => (await import('./return/zh')).zh,
  },
  test: {
    en: async () => (await import('./test/en')).en,
    zh: async () => (await import('./test/zh')).zh,
  },
} satisfies Record<string, Record<Language, () => Promise<Partial<Catalogue>>>>
export type Later = keyof typeof later
const STORED = 'siyu.language'

function initial(): Language {
  try {
    const stored = localStorage.getItem(STORED)
    if (stored === 'en' || stored === 'zh') return stored
  } catch {
    // Storage may be forbidden: the browser's language decides.
  }
  return navigator.language.toLowerCase().startsWith('zh') ? 'zh' : 'en'
}

let current = $state<Language>(initial())
let catalogue = $state.raw<Partial<Catalogue>>({})

/** The parts whose sentences were asked for. */
const asked = new Set<Later>()

async function loaded(language: Language): Promise<Partial<Catalogue>> {
  const parts = await Promise.all([load[language](), ...[...asked].map(part => later[part][language]())])
  return Object.assign({}, ...parts) as Partial<Catalogue>
}

/** Loads the first catalogue; the page is mounted after it. */
export async function prepare() {
  catalogue = await loaded(current)
}

/** Loads the sentences of a part of the page. */
export async function prepareLater(part: Later) {
  const language = current
  const sentences = await later[part][language]()
  asked.add(part)
  // The language may have been switched meanwhile.
  catalogue = language === current ? { ...catalogue, ...sentences } : await loaded(current)
}

/** The language in use. */
export const language = () => current

/** The tag for `Intl` and for the document. */
export const locale = () => (current === 'zh' ? 'zh-CN' : 'en')

export async function switchLanguage(to: Language) {
  catalogue = await loaded(to)
  current = to
  try {
    localStorage.setItem(STORED, to)
  } catch {
    // Not remembered; nothing else depends on it.
  }
}

/** The sentence for `key` in the current language, with `{name}` replaced from `values`. */
export function t(key: Key, values: Record<string, string | number> = {}): string {
  let text: string = catalogue[key] ?? ''
  const bar = text.indexOf('|')
  if (bar >= 0 && 'n' in values) {
    const one = new Intl.PluralRules(locale()).select(Number(values.count ?? values.n)) === 'one'
    text = one ? text.slice(0, bar) : text.slice(bar + 1)
  }
  return text.replace(/\{(\w+)\}/g, (_, name: string) => String(values[name] ?? ''))
}

/** The key `family.name` if the catalogue has it, else `family.other`. */
export function keyOf(family: 'code' | 'reason' | 'issue' | 'means' | 'help' | 'error' | 'left' | 'warning' | 'why' | 'choice' | 'remedy' | 'refused', name: string): Key {
  const key = `${family}.${name}`
  return (Object.hasOwn(catalogue, key) ? key : `${family}.other`) as Key
}

const SIGNS: Record<string, string> = { '.': 'point', ',': 'comma', ';': 'semicolon', '\t': 'tab', '|': 'pipe' }

/** What a choice of how to read is called: by its value, else by its option with the value in it. */
export function choiceText(family: 'choice' | 'remedy', option: string, value: string | number | boolean): string {
  const exact = `${option}.${(Object.hasOwn(SIGNS, String(value)) && SIGNS[String(value)]) || value}`
  return t(keyOf(family, Object.hasOwn(catalogue, `${family}.${exact}`) ? exact : option), { value: String(value), option })
}

/** One of the two languages of a text that comes with both; nothing for one that is absent. */
export const either = (text: { en: string; zh: string } | null) => text?.[current] ?? ''
