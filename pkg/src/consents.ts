/**
 * Records of consent from a file: which column is what, what each record says, and which records are none.
 *
 * A record that was bundled, ticked beforehand or given for several purposes at once is no consent and is told apart,
 * with its row, from one that cannot be read. Nothing is guessed into a record: what a cell does not say is not there.
 */
import { fail } from './errors.js'
import type { Consent, Guess } from './generated.js'
import { recordsOf } from './records.js'
import type { Siyu } from './types.js'

/** What a column of the file can be: the fields of a `Consent`. */
export type ConsentField = keyof Consent

/** Usual names of the columns, without blanks, hyphens and underscores. The first of a file counts. */
const NAMES: Record<ConsentField, readonly string[]> = {
  customer: ['customer', 'customerid', 'member', 'memberid', 'user', 'userid', 'buyer', '客户', '客户编号', '客户id', '会员', '会员编号', '会员号', '会员id', '用户', '用户编号', '用户id', '买家会员名'],
  purpose: ['purpose', '目的', '处理目的', '用途'],
  grantedAt: ['grantedat', 'granted', 'consentat', 'consentdate', 'agreedat', '同意时间', '同意日期', '授权时间', '授权日期'],
  withdrawnAt: ['withdrawnat', 'withdrawn', 'revokedat', 'revoked', '撤回时间', '撤回日期', '撤销时间', '撤回同意时间'],
  expiresAt: ['expiresat', 'expires', 'expiry', 'validuntil', '到期时间', '到期日', '到期日期', '失效时间', '有效期至'],
  basis: ['basis', 'legalbasis', '合法性基础', '法律依据', '依据'],
  text: ['text', 'textversion', 'version', '文本版本', '协议版本', '告知版本', '版本'],
  source: ['source', 'channel', '来源', '渠道'],
  columns: ['columns', 'covers', '覆盖列', '信息项'],
  separate: ['separate', 'separateconsent', '单独同意'],
  guardian: ['guardian', 'guardianconsent', '监护人', '监护人同意'],
  admOptOut: ['admoptout', 'automatedoptout', '拒绝自动化决策', '拒绝自动决策'],
  birth: ['birth', 'birthday', 'dateofbirth', '出生日期', '生日'],
  lastActivity: ['lastactivity', 'lastactive', '最后活动', '最后活动日期', '最近活动', '最后活跃'],
  bundled: ['bundled', '捆绑', '捆绑同意', '一揽子', '一揽子同意'],
  preTicked: ['preticked', 'prechecked', '默认勾选', '预先勾选'],
}
/** The fields, customer and purpose first. */
export const CONSENT_FIELDS = Object.keys(NAMES) as ConsentField[]

/** Why a record is none: three cases in which the law knows no consent, then what cannot be read. */
export type NoConsent = 'bundled' | 'pre-ticked' | 'several-purposes' | 'unknown-purpose' | 'no-customer' | 'no-purpose' | 'date' | 'yes-or-no'

/** A record that is none. */
export interface RefusedConsent {
  /** The line of the file; of JSON the number of the record, from 1. */
  row: number
  field: ConsentField
  reason: NoConsent
  /** The customer of the record, `` if it names none. */
  customer: string
}

/** How a file of records is read. */
export interface ConsentsOptions {
  /** Field → column of the file. Default: by the usual Chinese and English names. */
  columns?: Partial<Record<ConsentField, string>>
  /** The purpose of records that name none. */
  purpose?: string
  /** The purposes that there are: records for another are refused. Default: any. */
  purposes?: readonly string[]
}

/** What a file of records holds. */
export interface Consents {
  /** Field → column, as it was read. */
  columns: Partial<Record<ConsentField, string>>
  /** The columns of the file. */
  header: string[]
  consents: Consent[]
  /** Of each consent its row, as in `refused`. */
  rows: number[]
  refused: RefusedConsent[]
}

const INSTANTS = ['grantedAt', 'withdrawnAt', 'expiresAt'] as const
const DAYS = ['birth', 'lastActivity'] as const
const ANSWERS = ['guardian', 'admOptOut', 'bundled', 'preTicked'] as const
const LISTS = ['columns', 'separate'] as const
const TEXTS = ['basis', 'text', 'source'] as const
const YES = /^(1|true|yes|y|是|有|√)$/i
const NO = /^(0|false|no|n|否|无|)$/i
const BETWEEN = /[,，、;；|/]/

/** A date or an instant as policies write it, null if it is none. A time without an offset is UTC. */
function instantOf(text: string): string | null {
  const found = /^(\d{4})[-/](\d{1,2})[-/](\d{1,2})(?:[T ](\d{1,2}):(\d\d)(?::(\d\d)(?:\.\d+)?)?\s?(Z|[+-]\d\d:\d\d)?)?$/.exec(text)
  if (!found) return null
  const [, year, month = '', day = '', hour, minute, second = '00', offset = 'Z'] = found
  const date = `${year}-${month.padStart(2, '0')}-${day.padStart(2, '0')}`
  const utc = Date.parse(`${date}T00:00:00Z`)
  if (Number.isNaN(utc) || !new Date(utc).toISOString().startsWith(date)) return null
  if (hour === undefined) return date
  const whole = `${date}T${hour.padStart(2, '0')}:${minute}:${second}${offset}`
  return Number.isNaN(Date.parse(whole)) ? null : whole
}

/** A cell as text. */
const textOf = (cell: unknown): string => (cell == null ? '' : Array.isArray(cell) ? cell.join(',') : String(cell)).trim()

/**
 * Reads records of consent from a CSV, TSV, JSON or NDJSON file in any encoding that Siyu reads.
 *
 * Errors: those of `guess`; `missing-column` if no column is the customer's or says when consent was given, or a named
 * one is not there; `missing-role` if neither a column nor `purpose` says what for; `unsupported` for a workbook.
 */
export async function consentsOf(siyu: Siyu, file: Blob, { columns, purpose, purposes }: ConsentsOptions = {}): Promise<Consents> {
  const guess = await siyu.guess(file)
  const { format, encoding, delimiter, header: headerLine } = guess
  const header = guess.columns.map(({ name }) => name)
  const used = columns ?? consentColumns(guess)
  const missing = CONSENT_FIELDS.find(field => used[field] !== undefined && !header.includes(used[field] as string))
  if (missing) throw fail('missing-column', 'The file has no column of this name.', { path: `columns.${missing}` })
  for (const needed of ['customer', 'grantedAt'] as const) if (!used[needed]) throw fail('missing-column', 'Say which column it is.', { path: `columns.${needed}` })
  if (!used.purpose && !purpose) throw fail('missing-role', 'Say which column names the purpose, or the one purpose of all records.', { path: 'purpose' })
  const bytes = new Uint8Array(await file.arrayBuffer())
  const found = await recordsOf(bytes, { name: '', size: bytes.length, format, encoding, delimiter, headerLine, columns: header, customer: used.customer as string })
  if (!found) throw fail('unsupported', 'Records of consent are read from CSV, TSV, JSON or NDJSON.')

  const answer: Consents = { columns: used, header, consents: [], rows: [], refused: [] }
  let [row, from] = [format === 'json' || format === 'ndjson' ? 0 : 1, 0]
  for (const record of found.records) {
    if (format === 'json' || format === 'ndjson') row++
    else for (; from < record.start; from++) if (found.text[from] === '\n' || (found.text[from] === '\r' && found.text[from + 1] !== '\n')) row++
    const one = consentOf(record.cells(), used, purpose, purposes)
    if ('reason' in one) answer.refused.push({ row, ...one })
    else {
      answer.consents.push(one)
      answer.rows.push(row)
    }
  }
  return answer
}

/** Field → column of a file that was looked at, by the usual names; the customer also by what the engine takes for one. */
export function consentColumns({ columns, roles }: Pick<Guess, 'columns' | 'roles'>): Partial<Record<ConsentField, string>> {
  const plain = columns.map(({ name }) => name.toLowerCase().replace(/[\s_-]/g, ''))
  const found = CONSENT_FIELDS.flatMap(field => {
    const name = columns[plain.findIndex(each => NAMES[field].includes(each))]?.name
    return name === undefined ? [] : [[field, name]]
  })
  return { ...(roles.customer && { customer: roles.customer.column }), ...(Object.fromEntries(found) as Partial<Record<ConsentField, string>>) }
}

function consentOf(cells: Record<string, unknown>, used: Partial<Record<ConsentField, string>>, only: string | undefined, purposes: readonly string[] | undefined): Consent | Omit<RefusedConsent, 'row'> {
  const cell = (field: ConsentField): string => (used[field] === undefined ? '' : textOf(cells[used[field]]))
  const customer = cell('customer')
  const refuse = (field: ConsentField, reason: NoConsent): Omit<RefusedConsent, 'row'> => ({ field, reason, customer })
  if (customer === '') return refuse('customer', 'no-customer')
  const wrong = ANSWERS.find(field => !YES.test(cell(field)) && !NO.test(cell(field)))
  if (wrong) return refuse(wrong, 'yes-or-no')
  if (YES.test(cell('bundled'))) return refuse('bundled', 'bundled')
  if (YES.test(cell('preTicked'))) return refuse('preTicked', 'pre-ticked')
  const purpose = cell('purpose') || (only ?? '')
  if (purpose === '') return refuse('purpose', 'no-purpose')
  if (!purposes?.includes(purpose)) {
    if (purpose.split(BETWEEN).filter(each => each.trim() !== '').length > 1) return refuse('purpose', 'several-purposes')
    if (purposes) return refuse('purpose', 'unknown-purpose')
  }
  const consent: Consent = { customer, purpose, grantedAt: '' }
  for (const field of [...INSTANTS, ...DAYS]) {
    const text = cell(field)
    if (text === '' && field !== 'grantedAt') continue
    const instant = instantOf(text)
    if (instant === null) return refuse(field, 'date')
    consent[field] = (DAYS as readonly string[]).includes(field) ? instant.slice(0, 10) : instant
  }
  for (const field of TEXTS) if (cell(field) !== '') consent[field] = cell(field)
  for (const field of LISTS) if (cell(field) !== '') consent[field] = cell(field).split(BETWEEN).map(each => each.trim()).filter(each => each !== '')
  for (const field of ['guardian', 'admOptOut'] as const) if (YES.test(cell(field))) consent[field] = true
  return consent
}
