/**
 * Documents that the law asks for, as far as policy and log know the facts: the record of processing, the impact
 * assessment of PIPL art. 55–56, the facts of the notice of art. 17. What only a person can judge is left
 * open and marked. An engineering reading, not legal advice.
 */
import { fail } from './errors.js'
import type { ColumnRule, Ledger, PolicyDocument } from './generated.js'
import { ASSESSMENT, type Both, type Trigger } from './rules.js'

/** What neither policy nor log knows. */
export interface Controller {
  name: string
  contact: string
  /** Whether others process on its behalf, or get personal information. */
  provides?: boolean
  /** What else has a major effect on persons, in words; none if left out. */
  other?: string
}

/** A case of art. 55 and what speaks for it. */
export interface Triggered {
  trigger: Trigger['trigger']
  text: string
  /** What in policy or log it rests on: names of columns and purposes, numbers of log entries. */
  because: string[]
}

/** The documents, as Markdown. */
export interface Documents {
  language: 'zh' | 'en'
  /** The record of processing. */
  record: string
  /** The impact assessment; null if no case of art. 55 is met. */
  assessment: string | null
  /** Cases of art. 55 that are met. */
  triggers: Triggered[]
  /** The facts of the notice. */
  notice: string
}

type Entry = Record<string, unknown>

const CLASSES: Record<NonNullable<ColumnRule['class']>, Both> = {
  identifier: { zh: '直接标识', en: 'identifier' },
  'quasi-identifier': { zh: '准标识', en: 'quasi-identifier' },
  sensitive: { zh: '敏感个人信息', en: 'sensitive' },
  ordinary: { zh: '一般', en: 'ordinary' },
}

const WORDS = {
  record: { zh: '个人信息处理活动记录', en: 'Record of processing activities' },
  assessment: { zh: '个人信息保护影响评估', en: 'Personal information protection impact assessment' },
  notice: { zh: '告知事项', en: 'Facts of the notice' },
  by: { zh: '个人信息处理者', en: 'Controller' },
  contact: { zh: '联系方式', en: 'Contact' },
  at: { zh: '编制时间', en: 'Drawn up at' },
  policy: { zh: '依据的策略', en: 'Policy' },
  purpose: { zh: '处理目的', en: 'Purpose' },
  column: { zh: '信息项', en: 'Column' },
  class: { zh: '类别', en: 'Class' },
  purposes: { zh: '用于', en: 'For' },
  basis: { zh: '合法性基础', en: 'Legal basis' },
  retention: { zh: '保存期限', en: 'Kept for' },
  automated: { zh: '自动化决策', en: 'Automated decisions' },
  yes: { zh: '是', en: 'yes' },
  no: { zh: '否', en: 'no' },
  none: { zh: '无', en: 'none' },
  days: { zh: '天（自最后一次活动起）', en: 'days after the last activity' },
  unset: { zh: '**未设定，须补充**', en: '**not set, to be filled in**' },
  open: { zh: '**须由负责人填写**', en: '**to be filled in by a person**' },
  noConsent: { zh: '不以同意为基础，**须写明**', en: 'other than consent, **to be named**' },
  records: { zh: '条记录', en: 'records' },
  log: { zh: '日志', en: 'Log' },
  kind: { zh: '操作', en: 'What' },
  times: { zh: '次数', en: 'Times' },
  releases: { zh: '对外提供与导出', en: 'Releases' },
  mode: { zh: '方式', en: 'How' },
  recipient: { zh: '接收方', en: 'Recipient' },
  persons: { zh: '人数', en: 'Persons' },
  sensitive: { zh: '其中敏感', en: 'of them sensitive' },
  parameters: { zh: '参数', en: 'Parameters' },
  band: { zh: '出境', en: 'Abroad' },
  triggers: { zh: '触发情形（第五十五条）', en: 'Cases that are met (art. 55)' },
  because: { zh: '依据', en: 'Because of' },
  lawful: { zh: '一、处理目的、处理方式是否合法、正当、必要', en: '1. Are purpose and way of processing lawful, legitimate and necessary?' },
  effect: { zh: '二、对个人权益的影响及安全风险', en: '2. Effect on the rights of persons, and risks' },
  measures: { zh: '三、保护措施是否合法、有效并与风险程度相适应', en: '3. Are the measures lawful, effective and fit for the risk?' },
  minimum: { zh: '策略之外的列一律拒绝；无有效同意者不参与计算。', en: 'Columns outside the policy are refused; customers without valid consent are not computed with.' },
  local: { zh: '计算在本机完成，无网络传输；存储经 AES-GCM 加密（如启用工作区）。', en: 'Everything is computed on the device, nothing is sent; what is kept in a workspace is encrypted with AES-GCM.' },
  rights: { zh: '个人可查阅、复制、更正、删除其信息，撤回同意，拒绝自动化决策；行使方式：', en: 'Persons may see, copy, correct and delete their information, withdraw consent, and refuse automated decisions. How: ' },
  keep: { zh: '保存不少于', en: 'Keep for at least' },
  years: { zh: '年', en: 'years' },
  advice: { zh: '由策略与日志自动生成的事实草稿，不构成法律意见。', en: 'Facts drawn from policy and log; a draft, not legal advice.' },
} satisfies Record<string, Both>

/** A cell of a table of Markdown: nothing in it ends the cell or begins an element. */
const cell = (text: unknown): string => String(text).replace(/[\\|<>[\]`*_#&\n\r]/g, mark => (mark === '\n' || mark === '\r' ? ' ' : `\\${mark}`))

function table(header: string[], rows: unknown[][]): string {
  const line = (cells: unknown[]): string => `| ${cells.join(' | ')} |`
  return [line(header), line(header.map(() => '---')), ...rows.map(line)].join('\n')
}

/**
 * The documents of a policy and a log at an instant.
 *
 * Errors: `invalid-option` without a policy: what it does not say cannot be told.
 */
export function documentsOf(policy: PolicyDocument | null, ledger: Ledger, { language, at, controller }: { language: 'zh' | 'en'; at: string; controller: Controller }): Documents {
  if (!policy) throw fail('invalid-option', 'Documents are drawn from a policy: give one.', { path: 'policy' })
  const say = (word: keyof typeof WORDS): string => WORDS[word][language]
  const entries = ledger.entries as Entry[]
  const releases = entries.filter(({ op }) => op === 'release')
  const triggers = triggersOf(policy, releases, controller, language)
  const head = (title: string): string => `# ${title}\n\n${table([say('by'), say('contact'), say('policy'), say('at')], [[controller.name, controller.contact, policy.name, at].map(cell)])}`
  const foot = `${say('advice')}`

  const basis = (name: string, consent: boolean | undefined): string => {
    const counts = new Map<string, number>()
    for (const one of policy.consents ?? []) if (one.purpose === name) counts.set(one.basis ?? 'consent', (counts.get(one.basis ?? 'consent') ?? 0) + 1)
    const found = [...counts].map(([each, count]) => `${cell(each)}: ${count} ${say('records')}`).join(', ')
    return found || (consent === false ? say('noConsent') : `consent: 0 ${say('records')}`)
  }
  const kept = (days: number | null | undefined): string => (days == null ? say('unset') : `${days} ${say('days')}`)
  const purposes = table([say('purpose'), say('basis'), say('automated'), say('retention')],
    policy.purposes.map(({ name, consent, automated, retentionDays }) => [cell(name), basis(name, consent), say(automated ? 'yes' : 'no'), kept(retentionDays)]))
  const columns = table([say('column'), say('class'), say('purposes')],
    policy.columns.map(one => [cell(one.column), CLASSES[one.class ?? 'ordinary'][language], one.purposes.map(cell).join(', ') || say('none')]))
  const counts = new Map<string, number>()
  for (const { op } of entries) counts.set(String(op), (counts.get(String(op)) ?? 0) + 1)
  const log = counts.size === 0 ? say('none') : table([say('kind'), say('times')], [...counts].map(([op, times]) => [cell(op), times]))
  const given = releases.length === 0 ? say('none') : table(
    ['seq', say('at'), say('purpose'), say('mode'), say('recipient'), say('persons'), say('sensitive'), say('parameters'), say('band')],
    releases.map(one => [one.seq, one.at, one.purpose, one.mode, one.recipient, one.persons, one.sensitive, JSON.stringify(one.parameters ?? {}), one.band ?? '-'].map(cell)),
  )
  const section = (title: string, text: string): string => `## ${title}\n\n${text}`
  const record = [
    head(say('record')), section(say('purpose'), purposes), section(say('column'), columns), section(say('log'), `${log}\n\n${say('log')}: ${ledger.hashes.at(-1) ?? say('none')}`), section(say('releases'), given), foot,
  ].join('\n\n')
  const why = table([say('triggers'), say('because')], triggers.map(one => [one.text, one.because.map(cell).join(', ')]))
  const assessment = triggers.length === 0 ? null : [
    head(say('assessment')), section(say('triggers'), why), section(say('lawful'), `${purposes}\n\n${say('minimum')}\n\n${say('open')}`), section(say('effect'), `${columns}\n\n${say('open')}`),
    section(say('measures'), `${say('local')}\n\n${given}\n\n${say('open')}`), `${say('keep')} ${ASSESSMENT.keepYears} ${say('years')} (${ASSESSMENT.source[language]}). ${foot}`,
  ].join('\n\n')
  const notice = [head(say('notice')), section(say('purpose'), purposes), section(say('column'), columns), `${say('rights')}${cell(controller.contact)}`, foot].join('\n\n')
  return { language, record: `${record}\n`, assessment: assessment && `${assessment}\n`, triggers, notice: `${notice}\n` }
}

function triggersOf(policy: PolicyDocument, releases: Entry[], { provides = false, other }: Controller, language: 'zh' | 'en'): Triggered[] {
  const of = (test: (entry: Entry) => boolean): string[] => releases.filter(entry => entry.personal === true && test(entry)).map(({ seq }) => `seq ${seq}`)
  const because: Record<Trigger['trigger'], string[]> = {
    sensitive: policy.columns.filter(one => one.class === 'sensitive').map(({ column }) => column),
    automated: policy.purposes.filter(one => one.automated).map(({ name }) => name),
    provided: [...(provides ? [language === 'zh' ? '处理者说明' : 'by the controller'] : []), ...of(({ recipient }) => recipient === 'domestic' || recipient === 'public' || recipient === 'abroad')],
    abroad: of(({ recipient }) => recipient === 'abroad'),
    other: other ? [other] : [],
  }
  return ASSESSMENT.triggers.filter(({ trigger }) => because[trigger].length > 0).map(({ trigger, text }) => ({ trigger, text: text[language], because: because[trigger] }))
}
