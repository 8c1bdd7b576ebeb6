// Privacy and compliance in the built dashboard, in a real Chromium under the strict policy: what was found in a file,
// a policy that is written, saved, loaded and put in force.
//
// Screenshots go to the folder SIYU_SHOTS, else nowhere.
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { NARROW, WIDE, missing, violations, visits } from './visits.mjs'

const temporary = mkdtempSync(join(tmpdir(), 'siyu-privacy-'))
const shots = process.env.SIYU_SHOTS
if (shots !== undefined) mkdirSync(shots, { recursive: true })

function file(name, content) {
  const path = join(temporary, name)
  writeFileSync(path, content)
  return path
}

/** What happened, as the log on the page has it. */
const ops = page => page.$$eval('[data-op]', all => all.map(each => each.dataset.op))

/** A number that passes the rule of resident identity numbers. */
function residentNumber(first) {
  const sum = [...first].reduce((all, digit, at) => all + Number(digit) * 2 ** (17 - at), 0)
  return first + '10X98765432'[sum % 11]
}

/** Orders of some members with phone and resident numbers beside them. */
function orders(members = 60, rows = 240, memberOf = at => at % members) {
  const lines = ['会员编号,付款时间,实付金额,手机号,身份证号']
  for (let at = 0; at < rows; at++) {
    const member = memberOf(at)
    lines.push(`M${100 + member},2025-0${1 + (at % 5)}-${String(1 + ((at * 7) % 28)).padStart(2, '0')} 10:00,${20 + ((at * 13) % 90)}.5,138${String(12345600 + member)},${residentNumber(`11010119900307${String(100 + member)}`)}`)
  }
  return `${lines.join('\n')}\n`
}

describe('privacy and compliance', { skip: missing ?? false, timeout: 600_000 }, () => {
  let visit
  let close

  before(async () => {
    ;({ visit, close } = await visits())
  })

  after(async () => {
    await close?.()
    rmSync(temporary, { recursive: true, force: true })
  })

  const openOrders = async (page, path = file('orders.csv', orders())) => {
    await page.setInputFiles('input[data-files]', path)
    await page.waitForSelector('[data-action=confirm]')
    await page.click('[data-action=confirm]')
    await page.waitForSelector('.customers [aria-busy=false]')
  }
  const openPrivacy = async page => {
    await page.click('[data-view=privacy]')
    await page.waitForSelector('[data-answer=privacy]')
  }
  const downloaded = async (page, action) => {
    const [download] = await Promise.all([page.waitForEvent('download'), page.click(action)])
    return { name: download.suggestedFilename(), text: readFileSync(await download.path(), 'utf8') }
  }
  const look = async (page, name) => {
    const found = await violations(page, '#view')
    assert.deepEqual(found.map(each => each.told), [], name)
    const { scroll, inner } = await page.evaluate(() => ({ scroll: document.documentElement.scrollWidth, inner: innerWidth }))
    assert.ok(scroll <= inner, `${name}: ${scroll} wide on ${inner}`)
    if (shots === undefined) return
    await page.locator('#view').screenshot({ path: join(shots, `${name}.png`) })
  }

  test('what was found in a file, a policy that is written, put in force, saved and loaded', async () => {
    const { page, asked, end } = await visit()
    await openOrders(page)
    const before = asked.length
    await openPrivacy(page)
    assert.match(await page.textContent('[data-policy=none]'), /^No policy is in force: every column/)

    // The columns that are read have rules; of the others is said what was found in them and that they are not read.
    assert.deepEqual(await page.$$eval('[data-rule]', all => all.map(each => each.dataset.rule)), ['customer', 'time', 'amount'])
    assert.equal(await page.inputValue('[data-class=customer]'), 'identifier')
    await page.waitForSelector('[data-unread=手机号] .example')
    assert.match(await page.textContent('[data-unread=手机号]'), /Mobile number \(mainland China\) · 100\s?% of the cells.*by .*138\*+/s)
    assert.match(await page.textContent('[data-unread=身份证号]'), /Resident identity number · 100\s?% of the cells.*by its check digit/s)
    assert.doesNotMatch(await page.textContent('[data-answer=privacy] ~ section:last-of-type'), /13812345600/)

    // Without a record nobody may be used: said beforehand, and so it is.
    assert.match(await page.textContent('[data-none=consents]'), /nobody may be used/)
    await page.click('[data-action=policy-on]')
    await page.waitForSelector('[data-gate=refused]')
    assert.equal(await page.$('[data-view=groups]'), null)
    assert.equal(await page.$('[data-problem]'), null)
    assert.match(await page.textContent('[data-gate=refused]'), /Too few customers may be used/)
    await page.waitForSelector('[data-policy="Policy for orders"]')

    // On another basis all may be used, and every report says under which policy.
    await page.selectOption('[data-basis="0"]', 'false')
    await page.click('[data-action=policy-on]')
    await page.waitForSelector('.note[data-gate="Policy for orders"]')
    assert.match(await page.textContent('.note[data-gate]'), /for the purpose “segmentation”.*60 customers were used/s)

    // A column that is not allowed is refused, in every view; the numbers of before are gone.
    await openPrivacy(page)
    await page.uncheck('[data-may="amount segmentation"]')
    await page.click('[data-action=policy-on]')
    await page.waitForSelector('[data-gate=refused]')
    assert.match(await page.textContent('[data-gate=refused]'), /Not allowed for this purpose: Amount paid/)
    await page.check('[data-may="amount segmentation"]')
    await page.click('[data-action=policy-on]')
    await page.waitForSelector('.note[data-gate]')
    await page.click('[data-view=lifecycle]')
    await page.waitForSelector('#view .ledger')

    // Saved, turned off, changed, and loaded again.
    await openPrivacy(page)
    const saved = await downloaded(page, '[data-action=save-policy]')
    assert.equal(saved.name, 'Policy-for-orders.json')
    const document = JSON.parse(saved.text)
    assert.deepEqual(document.purposes, [{ name: 'segmentation', consent: false, automated: false, retentionDays: null }])
    assert.deepEqual(document.columns.map(({ column, class: each }) => [column, each]), [['customer', 'identifier'], ['time', 'ordinary'], ['amount', 'ordinary']])
    assert.equal(document.consents, undefined)
    await page.click('[data-action=policy-off]')
    await page.waitForSelector('[data-policy=none]')
    await page.waitForFunction(() => document.querySelector('.note[data-gate]') === null)
    await page.setInputFiles('input[data-files=policy]', file('bad.json', '{"version":1,"name":"x"}'))
    assert.match(await page.textContent('[data-refused=policy]'), /“bad.json” is not a policy/)
    await page.setInputFiles('input[data-files=policy]', file('wrong.json', JSON.stringify({ ...document, columns: [{ column: 'amount', purposes: ['other'] }] })))
    await page.waitForFunction(() => document.querySelector('[data-refused=policy]')?.textContent.includes('columns[0].purposes[0]'))
    const consents = [{ customer: 'M107', purpose: 'care', grantedAt: '2025-01-01' }, { customer: 'M108', purpose: 'care', grantedAt: '2025-01-01', withdrawnAt: '2025-02-01' }]
    const care = { ...document, name: '<b>care</b>', purposes: [...document.purposes, { name: 'care', consent: true }], columns: document.columns.map(one => ({ ...one, purposes: ['segmentation', 'care'] })), consents }
    await page.setInputFiles('input[data-files=policy]', file('care.json', JSON.stringify(care)))
    await page.waitForFunction(() => document.querySelector('[data-told=policy]')?.textContent.includes('2 records'))
    assert.equal(await page.inputValue('[data-field=policy-name]'), '<b>care</b>')

    // For the other purpose only who agreed is used: one customer alone makes no groups, so nothing is shown.
    await page.selectOption('[data-field=purpose]', 'care')
    await page.click('[data-action=policy-on]')
    await page.waitForSelector('[data-gate]')
    assert.match(await page.textContent('[data-gate]'), /policy “<b>care<\/b>”/)
    assert.deepEqual(asked.slice(before).filter(url => !/\/assets\/[\w.-]+\.(js|css)$/.test(url) && !url.startsWith('blob:')), [], 'the view asks for nothing but its own part')
    await end()
  })

  /** Records for the first members: valid, withdrawn, expired, later, bundled, twice a purpose, a wrong date, no customer. */
  const CONSENTS = [
    '会员编号,目的,同意时间,撤回时间,到期时间,捆绑',
    ...Array.from({ length: 40 }, (_, at) => `M${100 + at},care,2025-01-01,${at < 6 ? '2025-02-01' : ''},${at >= 6 && at < 10 ? '2025-03-01' : ''},`),
    'M140,care,2030-01-01,,,', 'M141,care,2025-01-01,,,是', 'M142,"care,segmentation",2025-01-01,,,', 'M143,care,soon,,,', ',care,2025-01-01,,,',
  ].join('\n')

  test('records of consent come from a file, with what is none by row, and are counted for each purpose', async () => {
    const { page, end } = await visit()
    await openOrders(page)
    await openPrivacy(page)
    await page.fill('[data-purpose-name="0"]', 'care')
    await page.press('[data-purpose-name="0"]', 'Tab')
    assert.equal(await page.isChecked('[data-may="amount care"]'), true, 'the columns follow a new name')
    await page.click('[data-action=add-purpose]')
    await page.selectOption('[data-basis="1"]', 'false')
    await page.click('[data-privacy=records]')
    await page.setInputFiles('input[data-files=consents]', file('consents.csv', CONSENTS))
    await page.waitForSelector('[data-consents="41"]')
    assert.equal(await page.inputValue('[data-consent-field=customer]'), '会员编号')
    assert.deepEqual(await page.$$eval('[data-none-because]', all => all.map(each => [each.dataset.noneBecause, each.cells[1].textContent, each.cells[2].textContent])), [['bundled', '1', '43'], ['several-purposes', '1', '44'], ['date', '1', '45'], ['no-customer', '1', '46']])
    await page.fill('[data-field=coverage-day]', '2025-06-01')
    await page.click('[data-action=count-coverage]')
    await page.waitForSelector('[data-covered=care]')
    const covered = await page.$eval('[data-covered=care]', row => [row.cells[1].textContent, row.querySelector('[data-allowed]').textContent, ...[...row.querySelectorAll('[data-refused-by]')].map(each => `${each.dataset.refusedBy} ${parseInt(each.textContent)}`)])
    assert.deepEqual(covered, ['60', '30', 'no-basis 19', 'withdrawn 6', 'expired 4', 'not-yet 1'])
    assert.equal(await page.getAttribute('[data-covered=care] [data-bundled]', 'data-bundled'), '2')
    assert.equal(await page.textContent('[data-covered="new purpose"] [data-allowed]'), '60')

    // Without the column of withdrawals six more are there; a file whose columns are not understood asks.
    await page.selectOption('[data-consent-field=withdrawnAt]', '')
    await page.waitForFunction(() => document.querySelector('[role=status].stale') !== null)
    await page.click('[data-action=count-coverage]')
    await page.waitForFunction(() => document.querySelector('[data-covered=care] [data-allowed]').textContent === '36')
    await page.setInputFiles('input[data-files=consents]', file('odd.csv', 'who,day\nM100,2025-01-01\n'))
    await page.waitForSelector('[data-refused=consents]')
    await page.selectOption('[data-consent-field=customer]', 'who')
    await page.selectOption('[data-consent-field=grantedAt]', 'day')
    await page.waitForSelector('[data-consents="1"]')
    await page.setInputFiles('input[data-files=consents]', file('consents.csv', CONSENTS))
    await page.waitForSelector('[data-consents="41"]')

    // In force, the groups have those 30 and say why not the others.
    await page.click('[data-privacy=policy]')
    await page.selectOption('[data-field=purpose]', 'care')
    await page.click('[data-action=policy-on]')
    await page.waitForSelector('.note[data-gate]')
    assert.match(await page.textContent('.note[data-gate]'), /30 customers were used.*6 customers left out, consent was withdrawn.*19 customers left out, no record for this purpose/s)
    await end()
  })

  test('what leaves is shown before it leaves, recorded, documented, and everything can be wiped', async () => {
    const { page, end } = await visit()
    const uneven = orders(0, 900, at => (at * at) % 379)
    const members = new Set(uneven.trim().split('\n').slice(1).map(line => line.split(',')[0])).size
    await openOrders(page, file('uneven.csv', uneven))
    await page.click('[data-action=save]')
    await openPrivacy(page)
    await page.selectOption('[data-basis="0"]', 'false')
    await page.selectOption('[data-class=amount]', 'sensitive')
    await page.click('[data-action=policy-on]')
    await page.waitForSelector('.note[data-gate]')

    // A list: the lines that are shown are those of the file.
    await page.click('[data-privacy=release]')
    await page.selectOption('[data-field=mode]', 'own-list')
    await page.selectOption('[data-field=recipient]', 'abroad')
    await page.click('[data-action=prepare]')
    await page.waitForSelector('[data-leaves=own-list]')
    assert.match(await page.textContent('[data-leaves]'), /It is personal information.*Sensitive/s)
    assert.notEqual(await page.getAttribute('[data-band]', 'data-band'), 'none')
    const shown = await page.textContent('[data-lines]')
    const list = await downloaded(page, '[data-action=release]')
    assert.equal(list.text.replace(/^\ufeff/, '').split(/\r?\n/).slice(0, 6).join('\n'), shown.replace(/^\ufeff/, ''))
    assert.equal(list.text.trimEnd().split(/\r?\n/).length, members + 1)
    const manifest = JSON.parse((await downloaded(page, '[data-action=save-manifest]')).text)
    assert.deepEqual([manifest.mode, manifest.persons, manifest.class, manifest.policy], ['own-list', members, 'sensitive', 'Policy for uneven'])

    // With pseudonyms no id is in it; a choice that changes takes away what was shown.
    await page.check('[data-field=pseudonyms]')
    await page.click('[data-action=prepare]')
    await page.waitForSelector('[data-leaves=own-list]')
    assert.doesNotMatch(await page.textContent('[data-lines]'), /M\d\d\d/)
    await page.selectOption('[data-field=mode]', 'aggregate')
    await page.waitForFunction(() => document.querySelector('[data-leaves]') === null)
    await page.fill('[data-field=k]', '12')
    await page.click('[data-action=prepare]')
    await page.waitForSelector('[data-leaves=aggregate], [data-refused=release]')
    assert.equal(await page.$('[data-refused=release]'), null)
    const counts = await downloaded(page, '[data-action=release]')
    const cells = counts.text.trimEnd().split(/\r?\n/).slice(1).flatMap(line => line.split(',').slice(1))
    assert.ok(cells.every(cell => cell === '*' || Number(cell) === 0 || Number(cell) >= 12), counts.text)
    assert.ok(cells.includes('*'), counts.text)
    assert.doesNotMatch(counts.text, /M\d\d\d/)

    // The log has it all, and shows what was changed.
    await page.click('[data-privacy=journal]')
    const happened = await ops(page)
    assert.deepEqual(happened.slice(0, 2), ['read', 'run'])
    assert.deepEqual(happened.filter(op => op !== 'read' && op !== 'run'), ['export', 'policy', 'release', 'table', 'release'])
    assert.ok(happened.slice(happened.indexOf('policy')).includes('run'), 'what was computed under the policy')
    assert.match(await page.textContent('[data-op=run] .what'), /“rfm” was computed for \d+ customers, without a policy/)
    await page.click('[data-action=check-log]')
    await page.waitForSelector('[data-chain=intact]')
    const log = await downloaded(page, '[data-action=save-log]')
    const changed = JSON.parse(log.text)
    const at = changed.entries.findIndex(({ op }) => op === 'release')
    changed.entries[at].persons = 6
    await page.setInputFiles('input[data-files=log]', file('log.json', JSON.stringify(changed)))
    await page.waitForSelector('[data-chain=broken]')
    assert.match(await page.textContent('[data-chain]'), new RegExp(`broken at entry ${at + 1}\\.`))
    await page.setInputFiles('input[data-files=log]', file('none.json', '[1]'))
    await page.waitForFunction(() => document.querySelector('[data-chain]').textContent.includes('is not a log'))

    await page.click('[data-privacy=documents]')
    await page.fill('[data-field=controller]', '<b>Shop</b>')
    await page.selectOption('[data-field=document]', 'assessment')
    assert.match(await page.textContent('[data-document=assessment]'), new RegExp(`Shop.*seq ${at + 1}\\b.*not legal advice`, 's'))
    const document = await downloaded(page, '[data-action=save-document]')
    assert.equal(document.name, 'siyu-assessment-en.md')

    await page.evaluate(() => localStorage.setItem('siyu.theme', 'light'))
    await page.click('[data-privacy=wipe]')
    await page.click('[data-action=wipe]')
    await page.click('[data-action=wipe-not]')
    await page.click('[data-action=wipe]')
    await page.click('[data-action=wipe-sure]')
    await page.waitForSelector('[data-wiped]')
    assert.match(await page.textContent('[data-wiped]'), /1 file that is open.*\d+ entries of the log.*siyu\.theme.*no entry of this page is left/s)
    assert.deepEqual(await page.evaluate(() => Object.keys(localStorage)), [])
    await openOrders(page)
    await openPrivacy(page)
    await page.waitForSelector('[data-policy=none]')
    await page.click('[data-privacy=journal]')
    assert.deepEqual([...new Set(await ops(page))].sort(), ['read', 'run'], 'nothing from before')
    await end()
  })

  test('counts with noise are paid from a budget, a table is too coarse to be found in, and a text is looked through', async () => {
    const { page, end } = await visit()
    const many = orders(0, 1200, at => (at * 7 + (at % 13) * 31) % 300)
    const members = new Set(many.trim().split('\n').slice(1).map(line => line.split(',')[0])).size
    await openOrders(page, file('many.csv', many))
    await openPrivacy(page)
    await page.click('[data-privacy=release]')
    await page.selectOption('[data-field=mode]', 'differentially-private')
    await page.fill('[data-field=epsilon]', '0.7')
    await page.fill('[data-field=budget]', '1')
    assert.equal(await page.getAttribute('[data-spent]', 'data-spent'), '0')
    await page.click('[data-action=prepare]')
    await page.waitForSelector('[data-leaves=differentially-private]')
    assert.match(await page.textContent('[data-leaves]'), /Off by less than\s*5.*counts as no personal information/s)
    assert.equal(await page.getAttribute('[data-spent]', 'data-spent'), '0.7')
    const shown = await page.textContent('[data-lines]')
    // Looked at again it is the same answer, at no cost; another question is beyond the budget.
    await page.click('[data-action=prepare]')
    await page.waitForSelector('[data-leaves=differentially-private]')
    assert.equal(await page.textContent('[data-lines]'), shown)
    const noisy = await downloaded(page, '[data-action=release]')
    assert.equal(noisy.text.trimEnd().replaceAll('\r', ''), shown)
    const counts = noisy.text.trimEnd().split(/\r?\n/).slice(1).flatMap(line => line.split(',').slice(1).map(Number))
    assert.equal(counts.length, 25)
    assert.ok(counts.every(Number.isInteger) && new Set(counts).size > 3, noisy.text)
    await page.fill('[data-field=epsilon]', '0.4')
    await page.click('[data-action=prepare]')
    await page.waitForSelector('[data-refused=release]')
    assert.match(await page.textContent('[data-refused=release]'), /nothing was computed/)
    assert.equal(await page.getAttribute('[data-spent]', 'data-spent'), '0.7')

    await page.selectOption('[data-field=mode]', 'anonymised-table')
    await page.fill('[data-field=k]', '5')
    await page.click('[data-action=prepare]')
    await page.waitForSelector('[data-leaves=anonymised-table]')
    const table = await downloaded(page, '[data-action=release]')
    const rows = table.text.trimEnd().split(/\r?\n/).slice(1)
    const kinds = rows.map(row => row.split('","').slice(0, 2).join())
    assert.ok(rows.length >= 0.95 * members && kinds.every(kind => kinds.filter(other => other === kind).length >= 5), table.text)
    assert.doesNotMatch(table.text, /M\d\d\d/)
    await page.fill('[data-field=k]', '999')
    await page.click('[data-action=prepare]')
    await page.waitForSelector('[data-refused=release]')

    await page.click('[data-privacy=journal]')
    assert.deepEqual((await ops(page)).filter(op => op !== 'read' && op !== 'run'), ['noisy-answer', 'release', 'release'])
    await page.click('[data-action=check-log]')
    await page.waitForSelector('[data-chain=intact]')

    await page.click('[data-privacy=texts]')
    await page.fill('[data-field=campaign]', '全网最低价！转发抽奖 <b>赢手机</b>')
    await page.waitForSelector('[data-words="3"]')
    assert.equal(await page.$eval('.shown', shown => shown.textContent), '全网最低价！转发抽奖 <b>赢手机</b>')
    assert.match(await page.textContent('[data-word=转发抽奖]'), /A reward for sharing.*2019-10-28/s)
    await page.selectOption('[data-field=channel]', 'other')
    await page.waitForSelector('[data-words="2"]')
    await page.fill('[data-field=campaign]', '会员日，欢迎到店')
    await page.waitForSelector('[data-words="0"]')
    await end()
  })

  test('looks as it should in both languages, themes and widths, and axe finds nothing', async () => {
    for (const [locale, colorScheme, viewport] of [['en-US', 'light', WIDE], ['zh-CN', 'dark', WIDE], ['zh-CN', 'light', NARROW], ['en-US', 'dark', NARROW]]) {
      const { page, end } = await visit({ locale, colorScheme, viewport })
      await openOrders(page)
      await openPrivacy(page)
      await page.waitForSelector('[data-unread=手机号] .example')
      const name = `privacy-${locale}-${colorScheme}-${viewport.width}`
      await look(page, `${name}-policy`)
      await page.fill('[data-purpose-name="0"]', 'care')
      await page.click('[data-action=add-purpose]')
      await page.click('[data-privacy=records]')
      await page.setInputFiles('input[data-files=consents]', file('consents.csv', CONSENTS))
      await page.waitForSelector('[data-consents="41"]')
      await page.click('#view details summary')
      await page.click('[data-action=count-coverage]')
      await page.waitForSelector('[data-covered=care]')
      await look(page, `${name}-records`)
      await page.click('[data-privacy=release]')
      await page.fill('[data-field=k]', '5')
      await page.click('[data-action=prepare]')
      await page.waitForSelector('[data-leaves]')
      await look(page, `${name}-release`)
      await page.selectOption('[data-field=mode]', 'differentially-private')
      await page.click('[data-action=prepare]')
      await page.waitForSelector('[data-leaves=differentially-private]')
      await look(page, `${name}-noise`)
      await page.click('[data-action=release]')
      await page.waitForSelector('[data-action=save-manifest]')
      await page.click('[data-privacy=texts]')
      await page.fill('[data-field=campaign]', '全网最低价！转发抽奖，稳赚不赔')
      await page.waitForSelector('[data-words="4"]')
      await look(page, `${name}-texts`)
      for (const part of ['journal', 'documents', 'wipe']) {
        await page.click(`[data-privacy=${part}]`)
        if (part === 'wipe') await page.click('[data-action=wipe]')
        await look(page, `${name}-${part}`)
      }
      await end()
    }
  })
})
