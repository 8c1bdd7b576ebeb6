/**
 * Rules of law and of platforms as tables: each with its source and the day on which it was last gone through.
 * They are defaults: copy one, change it, give it to the function that takes it. They change faster than a
 * package does. They were not compared with the official texts word by word: have them checked before you rely
 * on them. Limits on which public pages do not agree say so (`confirmed: false`).
 */

/** A text in both languages. */
export interface Both {
  zh: string
  en: string
}

/** Where a rule comes from. */
export interface RuleSource {
  source: Both
  /** In force since. */
  since: string
  /** The day on which it was last gone through. */
  read: string
}

/** What is asked of somebody who gives personal information abroad. */
export interface CrossBorderRule {
  band: 'security-assessment' | 'contract-or-certification' | 'exempt'
  /** Applies from so many persons of this year on whose information is not sensitive. */
  persons?: number
  /** Applies from so many persons of this year on whose information is sensitive. */
  sensitive?: number
  /** Applies to operators of critical information infrastructure, whatever the counts. */
  critical?: boolean
  /** Applies to important data, whatever the counts. */
  important?: boolean
  text: Both
}

/** The bands, the strictest first: the first that applies holds; the last always does. */
export interface CrossBorderRules extends RuleSource {
  bands: CrossBorderRule[]
}

export const CROSS_BORDER: CrossBorderRules = {
  source: { zh: '《促进和规范数据跨境流动规定》（国家互联网信息办公室令第16号）第五、七、八条', en: 'Provisions on Promoting and Regulating Cross-Border Data Flows (CAC Order 16), art. 5, 7, 8' },
  since: '2024-03-22', read: '2026-11-23',
  bands: [
    {
      band: 'security-assessment', persons: 1_000_000, sensitive: 10_000, critical: true, important: true,
      text: { zh: '需申报数据出境安全评估', en: 'a security assessment must be applied for' },
    },
    {
      band: 'contract-or-certification', persons: 100_000, sensitive: 1,
      text: { zh: '需订立个人信息出境标准合同并备案，或者通过个人信息保护认证', en: 'a standard contract (filed) or a certification is needed' },
    },
    { band: 'exempt', text: { zh: '免予申报安全评估、订立标准合同、通过认证；告知、单独同意、影响评估的义务仍在', en: 'no assessment, contract or certification; notice, separate consent and impact assessment are still due' } },
  ],
}

/** A word or phrase that a campaign text should not have. */
export interface WordRule {
  words: string[]
  kind: 'absolute' | 'finance' | 'health' | 'incentive' | 'template'
  /** Longer texts in which it means something else. */
  except?: string[]
  /** Channels on which it counts; all if left out. */
  channels?: string[]
  /** What to write in its place. */
  suggestion: Both
  source: Both
}

/** Words by kind. */
export interface WordRules {
  read: string
  rules: WordRule[]
}

const AD_LAW_9: Both = { zh: '《广告法》（2021年修正）第九条第三项；市场监管总局《广告绝对化用语执法指南》（2023-02-25）', en: 'Advertising Law (2021), art. 9(3); SAMR guide on absolute words (2023-02-25)' }
const AD_LAW_25: Both = { zh: '《广告法》（2021年修正）第二十五条', en: 'Advertising Law (2021), art. 25' }
const AD_LAW_17: Both = { zh: '《广告法》（2021年修正）第十六至十八条', en: 'Advertising Law (2021), art. 16–18' }
const LINKS: Both = { zh: '《微信外部链接内容管理规范》（2019-10-28）：不得以奖励诱导分享、助力、集赞', en: 'WeChat rules for external links (2019-10-28): no rewards for sharing, boosting or collecting likes' }
const TEMPLATES: Both = { zh: '微信公众平台模板消息运营规范（2016）：不得用于营销、红包、卡券', en: 'WeChat rules for template messages (2016): no marketing, red packets or coupons' }

export const WORDS: WordRules = {
  read: '2026-11-23',
  rules: [
    {
      words: ['国家级', '最高级', '最佳', '世界级'], kind: 'absolute', source: AD_LAW_9,
      suggestion: { zh: '写出可以证明的事实（检测结果、年份、范围）', en: 'state a fact that can be shown (test result, year, scope)' },
    },
    {
      words: ['最好', '最便宜', '最低价', '最优惠', '最先进', '最大', '全网最低', '史上最低', '第一品牌', '销量第一', '全国第一', '行业第一', 'no.1', '顶级', '极品', '独一无二', '绝无仅有', '万能', '100%有效'], kind: 'absolute',
      except: ['最大限度', '最大程度', '最好提前', '最好先'], source: AD_LAW_9,
      suggestion: { zh: '去掉比较级的最高程度，或写明依据和时间', en: 'leave the superlative out, or give its basis and time' },
    },
    {
      words: ['投资回报', '保本', '保收益', '稳赚', '零风险', '无风险', '年化收益', '收益翻倍', '躺赚'], kind: 'finance', except: ['保本店'], source: AD_LAW_25,
      suggestion: { zh: '不得对未来收益作保证；写明风险由谁承担', en: 'no promise of future returns; say who bears the risk' },
    },
    {
      words: ['根治', '治愈率', '药到病除', '疗效', '无副作用', '抗癌', '包治'], kind: 'health', source: AD_LAW_17,
      suggestion: { zh: '普通商品不得使用医疗用语', en: 'no medical claims for ordinary goods' },
    },
    {
      words: ['转发抽奖', '转发领', '转发即送', '转发有奖', '分享领', '分享即送', '分享得', '分享后可', '集赞', '点赞送', '助力领', '好友助力', '帮我助力', '砍一刀', '帮砍', '邀请好友得', '拉新奖励', '朋友圈截图', '关注抽奖'], kind: 'incentive',
      channels: ['wechat', 'wecom', 'moments', 'official-account', 'mini-program'], source: LINKS,
      suggestion: { zh: '奖励不得以分享、点赞、助力为条件；改为下单或到店即可参加', en: 'no reward may depend on sharing, likes or boosts: let a purchase or visit be enough' },
    },
    {
      words: ['优惠券', '代金券', '红包', '折扣', '促销', '特价', '限时', '秒杀', '满减', '抽奖'], kind: 'template', channels: ['template-message'], source: TEMPLATES,
      suggestion: { zh: '模板消息只写服务通知（订单、物流、预约）', en: 'template messages are for service only (order, delivery, appointment)' },
    },
  ],
}

/** How often somebody may be written to on a channel. */
export interface ContactLimit {
  channel: string
  per: 'day' | 'month'
  max: number
  /** Whether a second source agrees. */
  confirmed: boolean
  source: Both
}

/** Limits by channel. */
export interface ContactLimits {
  read: string
  limits: ContactLimit[]
}

const PAGES: Both = { zh: '公开的二手页面；各页说法不一，请以后台为准', en: 'public second-hand pages, which do not all agree: see the platform itself' }

export const CONTACTS: ContactLimits = {
  read: '2026-11-23',
  limits: [
    { channel: 'service-account', per: 'month', max: 4, confirmed: true, source: { zh: '微信服务号群发：每月4次（多个页面一致）', en: 'WeChat service account: 4 mass messages a month (several pages agree)' } },
    { channel: 'subscription-account', per: 'day', max: 1, confirmed: true, source: { zh: '微信订阅号群发：每天1次（多个页面一致）', en: 'WeChat subscription account: 1 mass message a day (several pages agree)' } },
    { channel: 'wecom-mass', per: 'day', max: 1, confirmed: false, source: PAGES },
    { channel: 'wecom-moments', per: 'day', max: 3, confirmed: false, source: PAGES },
  ],
}

/** A case in which the law asks for an impact assessment beforehand. */
export interface Trigger {
  trigger: 'sensitive' | 'automated' | 'provided' | 'abroad' | 'other'
  text: Both
}

export const ASSESSMENT: RuleSource & { triggers: Trigger[]; keepYears: number } = {
  source: { zh: '《个人信息保护法》第五十五、五十六条', en: 'Personal Information Protection Law, art. 55–56' },
  since: '2021-11-01', read: '2026-11-23', keepYears: 3,
  triggers: [
    { trigger: 'sensitive', text: { zh: '处理敏感个人信息', en: 'sensitive personal information is processed' } },
    { trigger: 'automated', text: { zh: '利用个人信息进行自动化决策', en: 'decisions are made automatically' } },
    { trigger: 'provided', text: { zh: '委托处理、向其他个人信息处理者提供、公开个人信息', en: 'processing is entrusted to others, or information is provided to them or published' } },
    { trigger: 'abroad', text: { zh: '向境外提供个人信息', en: 'information is provided abroad' } },
    { trigger: 'other', text: { zh: '其他对个人权益有重大影响的处理活动', en: 'any other processing with a major effect on persons' } },
  ],
}
