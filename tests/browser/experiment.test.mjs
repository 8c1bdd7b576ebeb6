// A test of three variants through the dashboard, from the file to the list of whom to reach: on the Hillstrom e-mail
// test, whose numbers independent packages give (docs/analyses/experiment.md, benches/hillstrom.py), and on a generated
// twin of the same columns whose truth is known.
//
// Screenshots go to the folder SIYU_SHOTS if it is given.
import assert from 'node:assert/strict'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { NARROW, WIDE, missing, violations, visits } from './visits.mjs'

const hillstrom = join(process.env.SIYU_DATA ?? fileURLToPath(new URL('../../../shared/data', import.meta.url)), 'hillstrom_email.csv')
const shots = process.env.SIYU_SHOTS
if (shots !== undefined) mkdirSync(shots, { recursive: true })

const HEADER = 'recency,history_segment,history,mens,womens,zip_code,newbie,channel,segment,visit,conversion,spend'
const ARMS = ['No E-Mail', 'Mens E-Mail', 'Womens E-Mail']

/**
 * A twin of the e-mail test. The men's mail gains 8 points of visits from everybody, the women's `strength` times
 * 24 from those who bought women's goods (half of all) and nothing else; what is spent goes with what was spent before,
 * and each mail adds 5.
 */
function twin(people, strength) {
  let state = 12345
  const random = () => ((state = (Math.imul(state, 1103515245) + 12345) >>> 0) >>> 8) / 2 ** 24
  const lines = [HEADER]
  for (let at = 0; at < people; at += 1) {
    const arm = ARMS[at % 3]
    const womens = random() < 0.5 ? 1 : 0
    const history = 30 + 400 * random() ** 2
    const chance = 0.12 + (arm === ARMS[1] ? 0.08 : 0) + (arm === ARMS[2] ? 0.24 * strength * womens : 0)
    const visit = random() < chance ? 1 : 0
    const spend = 0.2 * history + 40 * random() + (arm === ARMS[0] ? 0 : 5)
    const area = ['Urban', 'Rural', 'Surburban'][Math.floor(3 * random())]
    lines.push([1 + Math.floor(12 * random()), history < 100 ? '"1) $0 - $100"' : '"2) over $100, much"', history.toFixed(2), 1 - womens, womens, area, random() < 0.5 ? 1 : 0, ['Web', 'Phone'][Math.floor(2 * random())], arm, visit, visit && random() < 0.2 ? 1 : 0, spend.toFixed(2)].join(','))
  }
  return `${lines.join('\r\n')}\r\n`
}

/** The rows of such a file, by the number that the page gives them. */
function rowsOf(text) {
  const names = HEADER.split(',')
  return text.trim().split(/\r?\n/).slice(1).map(line => {
    const cells = line.match(/("[^"]*"|[^,]*)(,|$)/g).map(cell => cell.replace(/,$/, '').replaceAll('"', ''))
    return Object.fromEntries(names.map((name, at) => [name, cells[at]]))
  })
}
const mean = (rows, arm, column) => {
  const of = rows.filter(row => row.segment === arm)
  return of.reduce((sum, row) => sum + Number(row[column]), 0) / of.length
}
const count = text => Number(text.replaceAll(/[^\d.-]/g, ''))
const numbers = text => (text.match(/-?[\d.,]+/g) ?? []).map(each => Number(each.replaceAll(',', '')))

describe('a test of three variants', { skip: missing ?? false, timeout: 1_200_000 }, () => {
  const temporary = mkdtempSync(join(tmpdir(), 'siyu-experiment-'))
  let visit
  let close

  before(async () => {
    ;({ visit, close } = await visits())
  })
  after(async () => {
    await close?.()
    rmSync(temporary, { recursive: true, force: true })
  })

  const file = (name, content) => {
    const path = join(temporary, name)
    writeFileSync(path, content)
    return path
  }

  /** Opens the shop, gives the view the file of people and confirms what its columns mean. */
  async function open(page, path) {
    await page.click('[data-sample=social]')
    await page.waitForSelector('[data-action=confirm]')
    await page.click('[data-action=confirm]')
    await page.waitForSelector('.customers [aria-busy=false]')
    await page.click('[data-view=experiment]')
    await page.setInputFiles('input[data-files=beside-test]', path)
    await page.waitForSelector('[data-beside-read=test]')
    // Nobody has an id, and two columns look like the variant: what is proposed is right at once.
    assert.equal(await page.inputValue('[data-beside-role=test-customer]'), '\u0000')
    assert.equal(await page.inputValue('[data-beside-role=test-variant]'), 'segment')
    await page.click('[data-beside-read=test]')
    await page.waitForSelector('[data-call]')
    for (const name of ['recency', 'history', 'mens', 'womens', 'newbie']) assert.equal(await page.inputValue(`[data-use="${name}"]`), 'before', name)
    assert.equal(await page.inputValue('[data-use=visit]'), 'primary')
    assert.equal(await page.inputValue('[data-field=surer]'), 'history')
    await page.selectOption('[data-field=control]', ARMS[0])
    await page.waitForSelector(`[data-metric=spend] [data-result="${ARMS[2]}"]`)
    await page.waitForSelector('[data-call=ship]')
  }
  /** Asks whom a variant changes, and waits for the answer. */
  async function ask(page, arm, cost) {
    await page.selectOption('[data-field=uplift-arm]', arm)
    await page.fill('[data-field=uplift-cost]', String(cost))
    await page.click('[data-action=uplift]')
    await page.waitForFunction(() => document.querySelector('[data-uplift]').getAttribute('aria-busy') === 'false', null, { timeout: 240_000 })
    assert.equal(await page.locator('[data-refused=uplift], [data-action=view-again]').count(), 0)
    await page.waitForFunction(() => [...document.querySelectorAll('#view .plot')].every(plot => plot.dataset.drawn === 'true'))
  }
  const told = (page, metric, arm) => page.$$eval(`[data-metric=${metric}] [data-result="${arm}"] td`, all => all.map(each => each.textContent))
  /** The saved list of whom to reach: header and rows. */
  async function targets(page) {
    const [download] = await Promise.all([page.waitForEvent('download'), page.click('[data-save=uplift-targets]')])
    const [header, ...rows] = readFileSync(await download.path(), 'utf8').trim().split(/\r?\n/).map(line => line.split(','))
    return { header, rows }
  }
  /** What was measured among the people of a saved list, out of the file itself, is what the page says of them. */
  async function checkTargets(page, all, arm) {
    const { header, rows } = await targets(page)
    assert.equal(header.length, 3)
    assert.equal(rows.length, Number(await page.getAttribute('[data-taken]', 'data-taken')))
    assert.ok(rows.length > 0)
    const ids = new Set(rows.map(([id]) => id))
    assert.equal(ids.size, rows.length)
    const people = rows.map(([id]) => all[Number(id) - 1])
    assert.ok(people.every(row => [ARMS[0], arm].includes(row.segment)))
    const measured = 100 * (mean(people, arm, 'visit') - mean(people, ARMS[0], 'visit'))
    const [effect, low, high] = numbers((await page.textContent('[data-taken]')).split(':')[1]).slice(-3)
    assert.ok(low <= measured && measured <= high && Math.abs(effect - measured) < (high - low) / 2, `${measured} of ${effect} (${low} to ${high})`)
    const others = all.filter((row, at) => [ARMS[0], arm].includes(row.segment) && !ids.has(String(at + 1)))
    return { measured, rest: others.length === 0 ? 0 : 100 * (mean(others, arm, 'visit') - mean(others, ARMS[0], 'visit')), people }
  }

  test('the Hillstrom e-mail test has the numbers of independent packages, and its list holds those who are moved', { skip: existsSync(hillstrom) ? false : 'hillstrom_email.csv is not here (set SIYU_DATA)' }, async () => {
    const { page, end } = await visit()
    await open(page, hillstrom)
    const all = rowsOf(readFileSync(hillstrom, 'utf8'))
    assert.equal(all.length, 64_000)
    // SciPy: 0.9036929576.
    assert.match(await page.textContent('[data-ratio=sound]'), /p = 0\.9037/)
    assert.match(await page.textContent('#call-title'), /Mens E-Mail/)
    // statsmodels (Newcombe): 0.07658956365 (0.06995330808, 0.08322674127), 0.04523310659 (0.03889409536, 0.05157434296).
    assert.deepEqual((await told(page, 'visit', ARMS[1])).slice(2, 4), ['7.7%', '7.0% – 8.3%'])
    assert.deepEqual((await told(page, 'visit', ARMS[2])).slice(2, 4), ['4.5%', '3.9% – 5.2%'])
    // 0.00680500652 (0.005014344671, 0.008640723397), 0.003111057511 (0.001501657132, 0.004745471314).
    assert.deepEqual((await told(page, 'conversion', ARMS[1])).slice(2, 4), ['0.7%', '0.5% – 0.9%'])
    assert.deepEqual((await told(page, 'conversion', ARMS[2])).slice(2, 4), ['0.3%', '0.2% – 0.5%'])
    // With what was spent before, NumPy and SciPy: 0.7673357756 (0.4827099896, 1.051961561).
    assert.deepEqual((await told(page, 'spend', ARMS[1])).slice(2, 4), ['0.767', '0.483 – 1.052'])
    // Without it, SciPy (Welch): 0.7698271559 (0.4851397326, 1.054514579), 0.4244122159 (0.1689567899, 0.679867642).
    await page.selectOption('[data-field=surer]', '')
    await page.waitForFunction(arm => document.querySelectorAll(`[data-metric=spend] [data-result="${arm}"] td`)[2].textContent === '0.770', ARMS[1])
    assert.deepEqual((await told(page, 'spend', ARMS[1])).slice(2, 4), ['0.770', '0.485 – 1.055'])
    assert.deepEqual((await told(page, 'spend', ARMS[2])).slice(2, 4), ['0.424', '0.169 – 0.680'])
    // Visits by channel: +8.29, +7.56, +7.56 points; Q = 0.449, p = 0.799, over both arms adjusted.
    await page.selectOption('[data-field=within]', 'channel')
    await page.waitForSelector('[data-within=channel] [data-value=Web]')
    const within = await page.$$eval('[data-within=channel] tbody tr', rows => rows.map(row => [row.dataset.value, ...[...row.querySelectorAll('td')].map(cell => cell.textContent)]))
    assert.deepEqual(within.filter(row => row[1] === ARMS[1]).map(row => [row[0], row[2]]), [['Multichannel', '8.3%'], ['Phone', '7.6%'], ['Web', '7.6%']])
    assert.equal(await page.locator('[data-within=channel] svg').count(), 6)
    assert.equal(await page.getAttribute('[data-within=channel] [data-differs]', 'data-differs'), 'false')
    if (shots !== undefined) await page.screenshot({ path: join(shots, 'hillstrom-verdict.png'), fullPage: true })

    await page.uncheck('[data-feature=history_segment]')
    // The women's mail moves some more than others; scikit-uplift gives a Qini of 0.052 to 0.066 by several learners.
    await ask(page, ARMS[2], 0.03)
    assert.equal(await page.getAttribute('[data-uplift]', 'data-uplift'), 'differs')
    const figures = await page.$$eval('[data-uplift] .figure', all => all.map(each => [each.querySelector('.value').textContent, each.querySelector('.caption').textContent]))
    assert.match(figures[0][0], /^4\.5%$/)
    const [low, high] = numbers(figures[2][1])
    assert.ok(low > 0.025 && high < 0.095 && Number(figures[2][0]) > 0.045 && Number(figures[2][0]) < 0.067, figures[2].join(' '))
    assert.equal(await page.$eval('[data-by] li', each => each.firstChild.textContent), 'womens', 'they are those who bought such goods before')
    assert.equal(await page.getAttribute('[data-policy]', 'data-advantage'), 'true', 'choosing is worth more than all')
    const best = await checkTargets(page, all, ARMS[2])
    assert.ok(best.measured > best.rest + 3, `${best.measured} among them, ${best.rest} among the others`)
    if (shots !== undefined) await page.screenshot({ path: join(shots, 'hillstrom-uplift.png'), fullPage: true })
    // Of the men's mail nothing of the kind is shown: it is said plainly, and there is no list.
    await page.selectOption('[data-field=uplift-arm]', ARMS[1])
    assert.match(await page.textContent('[data-uplift] [role=status]'), /choices of before/)
    await ask(page, ARMS[1], 0.03)
    assert.equal(await page.getAttribute('[data-uplift]', 'data-uplift'), 'same')
    assert.match(await page.textContent('#uplift-title'), /^\s*No effect that differs between customers was found\s*$/)
    assert.equal(await page.locator('[data-save=uplift-targets]').count(), 0)
    await end()
  })

  test('a twin with a known truth: who is moved is found and saved, and nobody where all are moved alike', async () => {
    const { page, end } = await visit()
    const content = twin(9000, 1)
    const all = rowsOf(content)
    await open(page, file('twin.csv', content))
    assert.match(await page.textContent('[data-ratio=sound]'), /p = 1\.0000/)
    // Each mail adds 5 to what is spent; what was spent before explains most of it and makes the interval narrower.
    const width = async () => {
      const [low, high] = numbers((await told(page, 'spend', ARMS[1]))[3].replace('–', ' '))
      assert.ok(low < 5 && 5 < high, `${low} to ${high}`)
      return high - low
    }
    const narrow = await width()
    const explained = (await page.textContent(`[data-metric=spend]`)) && (await page.$$eval('[data-answer=experiment] > .caption', all => all.map(each => each.textContent).join(' ')))
    assert.match(explained, /explains [78]\d\.\d%/)
    const before = (await told(page, 'spend', ARMS[1]))[3]
    await page.selectOption('[data-field=surer]', '')
    await page.waitForFunction(before => document.querySelectorAll('[data-metric=spend] [data-result="Mens E-Mail"] td')[3].textContent !== before, before)
    assert.ok((await width()) > 1.7 * narrow)
    // Half of the people are moved by 24 points, the others by none.
    await ask(page, ARMS[2], 0.1)
    assert.equal(await page.getAttribute('[data-uplift]', 'data-uplift'), 'differs')
    const best = Number(await page.getAttribute('[data-policy]', 'data-policy'))
    assert.ok(best >= 0.4 && best <= 0.6, `${best} of the people`)
    assert.equal(await page.getAttribute('[data-policy]', 'data-advantage'), 'true')
    const { measured, rest, people } = await checkTargets(page, all, ARMS[2])
    assert.ok(measured > 18 && rest < 8, `${measured} against ${rest}`)
    assert.ok(people.filter(row => row.womens === '1').length > 0.85 * Math.min(people.length, all.filter(row => row.segment !== ARMS[1] && row.womens === '1').length))
    // A smaller share by keyboard: fewer people, moved no less.
    await page.focus('[data-field=uplift-share]')
    await page.selectOption('[data-field=uplift-share]', '0.2')
    assert.equal((await targets(page)).rows.length, Number(await page.getAttribute('[data-taken]', 'data-taken')))
    assert.ok(Number(await page.getAttribute('[data-taken]', 'data-taken')) < people.length)
    // The men's mail moves all alike.
    await ask(page, ARMS[1], 0.1)
    assert.equal(await page.getAttribute('[data-uplift]', 'data-uplift'), 'same')
    assert.equal(await page.getAttribute('[data-policy]', 'data-policy'), 'none')
    assert.equal(await page.locator('[data-save=uplift-targets]').count(), 0)
    // Without a column there is nothing to learn from.
    for (const each of await page.locator('[data-feature]').all()) await each.uncheck()
    assert.equal(await page.isDisabled('[data-action=uplift]'), true)
    await end()
  })

  test('past tests are taken together, and the next batch is shared out by what is known so far', async () => {
    const { page, end } = await visit()
    await page.click('[data-sample=social]')
    await page.waitForSelector('[data-action=confirm]')
    await page.click('[data-action=confirm]')
    await page.waitForSelector('.customers [aria-busy=false]')
    await page.click('[data-view=experiment]')
    // Thirteen trials of the BCG vaccine: docs/analyses/meta-analysis.md.
    const effects = [-0.88931133392, -1.5853886572, -1.3480731483, -1.44155119002, -0.217547322211, -0.786115585819, -1.6208982236, 0.0119523335238, -0.469417648738, -1.37134480347, -0.339358828338, 0.445913400571, -0.0173139482169]
    const errors = [0.570600354893, 0.441113501718, 0.644490469571, 0.141456819921, 0.226296646395, 0.0831000508779, 0.472247019654, 0.0629410779842, 0.23755885684, 0.270231000466, 0.11141011611, 0.72972998102, 0.26721650339]
    const lines = effects.map((effect, at) => `t${at}, ${effect}, ${errors[at]}`)
    await page.fill('[data-field=past]', `${lines[0]}\nt1, much`)
    assert.match(await page.textContent('#past-said'), /Line 2 cannot be read/)
    await page.fill('[data-field=past]', lines.join('\n'))
    await page.waitForSelector('[data-answer=meta-analysis]')
    assert.match(await page.textContent('#past-title'), /effect of -0\.715/)
    assert.match(await page.textContent('[data-answer=meta-analysis] .figure'), /-1\.108 – -0\.321, p = 0\.0019/)
    assert.deepEqual(await page.$$eval('[data-past=t6] td', all => all.slice(0, 2).map(each => each.textContent)), ['-1.621', '-1.244'], 'luck is taken off the strongest')
    // An interval in the place of an error says the same.
    await page.fill('[data-field=past]', effects.map((effect, at) => `t${at}; ${effect}; ${effect - 1.959963984540054 * errors[at]}; ${effect + 1.959963984540054 * errors[at]}`).join('\n'))
    await page.waitForFunction(() => document.querySelector('[data-past=t6]')?.textContent.includes('-1.244'))
    // Three variants by their counts.
    await page.click('[data-action=add-arm]')
    for (const [row, units, successes] of [[0, 1000, 50], [1, 1000, 62], [2, 800, 55]]) {
      await page.fill(`[data-units="${row}"]`, String(units))
      await page.fill(`[data-successes="${row}"]`, String(successes))
    }
    await page.waitForSelector('[data-answer=bandit] [data-batch=C]')
    const told = await page.$$eval('[data-batch]', rows => rows.map(row => [...row.querySelectorAll('td')].map(cell => cell.textContent)))
    assert.equal(told.map(row => count(row[3])).reduce((a, b) => a + b), 1000)
    assert.ok(Math.abs(told.map(row => count(row[2])).reduce((a, b) => a + b) - 100) < 0.2)
    assert.ok(count(told[2][2]) > 65 && count(told[2][2]) < 75 && count(told[0][2]) < 4)
    for (const [, , chance, batch] of told) assert.ok(Math.abs(10 * count(chance) - count(batch)) <= 1, 'by Thompson the chance is the share')
    await page.selectOption('[data-field=batch-policy]', 'ucb')
    await page.waitForFunction(() => document.querySelector('[data-batch=C] td:last-child').textContent === '1,000')
    const found = await violations(page, '#view')
    assert.deepEqual(found.filter(each => ['serious', 'critical'].includes(each.impact)).map(each => each.told), [])
    if (shots !== undefined) await page.locator('#view').screenshot({ path: join(shots, 'past-and-next.png') })
    await end()
  })

  test('nothing is wider than the screen, nothing is serious to axe, in either language and theme', async () => {
    const path = file('looked.csv', twin(4500, 1))
    for (const [viewport, colorScheme, locale] of shots === undefined
      ? [[WIDE, 'dark', 'zh-CN'], [NARROW, 'light', 'en-US']]
      : [WIDE, NARROW].flatMap(viewport => ['light', 'dark'].flatMap(scheme => ['en-US', 'zh-CN'].map(locale => [viewport, scheme, locale])))) {
      const { page, end } = await visit({ viewport, colorScheme, locale })
      await open(page, path)
      await page.selectOption('[data-field=within]', 'channel')
      await page.waitForSelector('[data-within=channel]')
      await ask(page, ARMS[2], 0.1)
      await page.click('[data-uplift] summary')
      const name = `${viewport.width}-${colorScheme}-${locale.slice(0, 2)}-uplift`
      if (shots !== undefined) await page.locator('#view').screenshot({ path: join(shots, `${name}.png`) })
      assert.equal(await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth), 0, name)
      const found = await violations(page, '#view')
      assert.deepEqual(found.filter(each => ['serious', 'critical'].includes(each.impact)).map(each => each.told), [], name)
      await end()
    }
  })
})
