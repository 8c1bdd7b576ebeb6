// The quality report of the dashboard and the way to it, in a real Chromium under the strict policy: from an export
// as shops get it to segments in three clicks, what was left out and what that means, changes with a way back,
// failures with a way on.
//
// Screenshots go to the folder SIYU_SHOTS, else nowhere.
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { workbook } from '../package/workbooks.mjs'
import { NARROW, WIDE, gbk, missing, violations, visits } from './visits.mjs'

const place = path => fileURLToPath(new URL(path, import.meta.url))
const truth = JSON.parse(readFileSync(place('../data/shop/truth.json'), 'utf8'))
const orders = readFileSync(place('../data/shop/orders.csv'), 'utf8').replace('\ufeff', '').trimEnd().split(/\r?\n/)

const temporary = mkdtempSync(join(tmpdir(), 'siyu-quality-'))
const shots = process.env.SIYU_SHOTS
if (shots !== undefined) mkdirSync(shots, { recursive: true })

function file(name, content) {
  const path = join(temporary, name)
  writeFileSync(path, content)
  return path
}

/** The shop's orders as a platform exports them: GBK, with a title and remarks above the header. */
const platformExport = () =>
  gbk(['私域小店 订单明细', '导出时间:2025-06-01 09:30:00', '统计范围:[2024-06-01] 至 [2025-05-31]', '', ...orders].join('\r\n') + '\r\n')

/** An export with something wrong of many kinds; the first column of each list is what is wrong. */
function dirty() {
  const lines = ['订单编号,买家会员名,付款时间,实付金额,备注']
  for (let i = 0; i < 400; i++) lines.push(`A${1000 + i},会员${i % 60},2025/3/${1 + (i % 28)} 10:2${i % 10},${100 + i}.50,`)
  lines.push(
    'B1,,2025/3/3 10:00,5,',
    'B2,会\u200b员1,2025/3/3 10:00,7,',
    'B3,会员1,03/04/2025,7,',
    'B4,x,2025/3/3,7,extra,fields',
    'B5,1.23E+15,2025/3/3,7,',
    'B6,<img src=x onerror=alert(1)>,昨天,-20,',
    'B7,\u202egnp.exe,2025/3/9,免费,"<script>alert(1)</script>"',
    'B8,会员9,2025/3/9,-20.5,',
  )
  return lines.join('\n') + '\n'
}

describe('quality report', { skip: missing ?? false, timeout: 600_000 }, () => {
  let visit
  let close

  before(async () => {
    ;({ visit, close } = await visits())
  })

  after(async () => {
    await close?.()
    rmSync(temporary, { recursive: true, force: true })
  })

  const openFile = async (page, ...paths) => {
    await page.setInputFiles('[data-files=open]', paths)
    await page.waitForSelector('[data-action=confirm]')
  }
  const confirm = async page => {
    await page.click('[data-action=confirm]')
    await page.waitForSelector('[data-drawn=true]')
    await page.waitForSelector('.customers [aria-busy=false]')
  }
  const openPanel = async page => {
    if ((await page.getAttribute('[data-panel=reading]', 'open')) === null) await page.click('[data-panel=reading] summary')
  }
  const settled = page => page.waitForFunction(() => document.querySelector('[data-busy]')?.getAttribute('data-busy') === 'false')
  const figures = page => page.$$eval('.figures .figure', all => Object.fromEntries(all.map(each => [each.querySelector('.name').textContent, each.querySelector('.value').textContent])))
  const shot = async (page, name) => {
    if (shots === undefined) return
    await page.evaluate(() => scrollTo(0, 0))
    await page.screenshot({ path: join(shots, `${name}.png`), fullPage: true })
  }

  test('three clicks lead from a GBK export with a preamble to segments', async () => {
    const { page, end } = await visit({ locale: 'zh-CN' })
    await page.evaluate(() => {
      globalThis.clicks = 0
      // The click on a label is passed on to its field as a second one, which nobody made.
      addEventListener('click', event => event.isTrusted && !(event.target instanceof HTMLInputElement) && (globalThis.clicks += 1), { capture: true })
    })
    const [chooser] = await Promise.all([page.waitForEvent('filechooser'), page.click('.drop label')])
    await chooser.setFiles(file('小店订单导出.csv', platformExport()))
    await page.waitForSelector('[data-action=confirm]')
    await page.click('[data-action=confirm]')
    await page.waitForSelector('[data-drawn=true]')
    const clicks = await page.evaluate(() => globalThis.clicks)
    assert.ok(clicks >= 1 && clicks <= 3, `${clicks} clicks`)
    // The segments stand in view, and they are those that were planted.
    assert.equal(await page.evaluate(() => document.activeElement?.id), 'step-4-title')
    const numbers = await figures(page)
    assert.equal(numbers['消费额'], `¥${Math.round(Number(truth.totals.revenue)).toLocaleString('en')}`)
    assert.equal(numbers['跳过的行'], String(truth.totals.rowsWithoutCustomer))
    assert.equal(await page.locator('.groups tbody tr').count(), 11)
    assert.equal(await page.locator('[data-issue=preamble]').count(), 1)
    await end()
  })

  test('the report says what was left out and what that does to the numbers', async () => {
    const { page, end } = await visit()
    await page.click('[data-sample=shop]')
    await page.waitForSelector('[data-action=confirm]')
    await confirm(page)
    assert.equal(await page.innerText('[data-verdict]'), '23,777 of 23,817 rows are in the figures.')
    assert.match(await page.innerText('.verdict-about'), /40 rows are left out \(0\.2% of all\)\. Their amounts are not in any figure\./)
    const missing = page.locator('[data-issue=missing-id]')
    assert.match(await missing.innerText(), /40 rows \(0\.2%\) are in no figure\. .*belongs to nobody/s)
    assert.equal(await missing.getAttribute('data-severity'), 'rejected')
    await end()
  })

  test('a choice of how to read is tried at once, shows before and after, and can be taken back', async () => {
    const { page, end } = await visit()
    await openFile(page, file('semicolons.csv', `name;customer;time;amount\n${Array.from({ length: 50 }, (_, i) => `x;c${i % 9};2025-03-0${1 + (i % 9)};${i}.50`).join('\n')}\n`))
    await confirm(page)
    const before = await figures(page)
    // A zone moves days but no sums.
    await openPanel(page)
    await page.selectOption('#zone', 'America/New_York')
    const change = page.locator('[data-change=zone]')
    await change.waitFor()
    assert.match(await change.innerText(), /Read again: another time zone/)
    assert.match(await change.innerText(), /no change/)
    // A separator that does not fit is refused by the reader; what is shown stays as it was.
    await page.selectOption('#reading-delimiter', '|')
    await page.locator('[data-problem]').waitFor()
    assert.match(await page.innerText('[data-problem]'), /What is shown is unchanged/)
    assert.equal(await page.inputValue('#reading-delimiter'), '')
    assert.deepEqual((await figures(page))['Rows used'], before['Rows used'])
    await page.click('[data-action=undo]')
    await page.locator('[data-change=undone]').waitFor()
    assert.equal(await page.inputValue('#zone'), 'Asia/Shanghai')
    assert.deepEqual(await figures(page), before)
    await end()
  })

  test('a remedy reads what was left out in one click, shows what it changed, and can be taken back', async () => {
    for (const [locale, used] of [['en-US', 'Rows used'], ['zh-CN', '可用的行']]) {
      const { page, end } = await visit({ locale })
      const rows = Array.from({ length: 60 }, (_, i) => `c${i % 9};2025-03-0${1 + (i % 9)};${i < 20 ? '30' : '1.234,50'}`)
      await openFile(page, file('comma.csv', `buyer_id;pay_time;paid\n${rows.join('\n')}\n`))
      for (const [role, column] of [['customer', 'buyer_id'], ['time', 'pay_time'], ['amount', 'paid']]) await page.selectOption(`#map-${role}`, column)
      // Whatever the guess proposes, this reads as if nothing had been proposed.
      await openPanel(page)
      await page.selectOption('#reading-decimal', '.')
      await confirm(page)
      const before = await figures(page)
      assert.equal(before[used], '20')
      const remedy = page.locator('[data-issue=amount] [data-remedy=decimal]')
      assert.match(await remedy.innerText(), locale === 'en-US' ? /Read with comma as decimal sign\s+reads 40 of 40/ : /把逗号读作小数点\s+可读出 40 \/ 40 行/)
      await remedy.click()
      const change = page.locator('[data-change=choices]')
      await change.waitFor()
      assert.equal((await figures(page))[used], '60')
      assert.match((await change.locator('dd').first().innerText()).replace(/\s+/g, ' '), /20 → ?.*60 \+40/)
      await shot(page, `remedy-${locale.slice(0, 2)}`)
      await page.click('[data-action=undo]')
      await page.locator('[data-change=undone]').waitFor()
      assert.deepEqual(await figures(page), before)
      await end()
    }
  })

  test('a column that cannot be read as it is leads to the choice of how it is written', async () => {
    const { page, end } = await visit()
    const rows = Array.from({ length: 40 }, (_, i) => `c${i % 9};${10 + i % 9}/11/2025;30`)
    await openFile(page, file('days.csv', `buyer_id;pay_time;paid\n${rows.join('\n')}\n`))
    for (const [role, column] of [['customer', 'buyer_id'], ['time', 'pay_time'], ['amount', 'paid']]) await page.selectOption(`#map-${role}`, column)
    await openPanel(page)
    await page.selectOption('[id="reading-dates.order"]', '')
    await page.click('[data-action=confirm]')
    await page.locator('[data-problem]').waitFor()
    await page.click('[data-action=reading]')
    assert.equal(await page.evaluate(() => document.activeElement?.closest('[data-panel]')?.getAttribute('data-panel')), 'reading')
    await page.selectOption('[id="reading-dates.order"]', 'dmy')
    await confirm(page)
    assert.equal((await figures(page))['Rows used'], '40')
    await end()
  })

  test('a choice that reads less than before says so', async () => {
    const { page, end } = await visit()
    const rows = Array.from({ length: 40 }, (_, i) => `c${i % 9},2025-03-0${1 + (i % 9)},${i < 37 ? '10.5' : '"10,5"'}`)
    await openFile(page, file('points.csv', `buyer_id,pay_time,paid\n${rows.join('\n')}\n`))
    await confirm(page)
    await page.locator('[data-issue=amount] [data-remedy=decimal]').click()
    await page.locator('[data-change=choices].worse').waitFor()
    assert.match(await page.innerText('[data-change]'), /More rows are left out than before/)
    await end()
  })

  test('what the values suggest is chosen, and can be left in one click; of two that fit alike the reader chooses', async () => {
    for (const [locale, used, chosen, open] of [['en-US', 'Rows used', /Read with comma as decimal sign Amounts look like 1\.234,50\. \(95% sure\)/, /Dates that do not begin with the year: two readings fit Nothing in the file tells/], ['zh-CN', '可用的行', /把逗号读作小数点\s?金额看起来像 1\.234,50。（把握 95%）/, /不以年份开头的日期：有两种读法\s?文件本身看不出/]]) {
      const { page, end } = await visit({ locale })
      const rows = Array.from({ length: 40 }, (_, i) => `c${i % 9};0${1 + (i % 9)}/11/2025;1.234,50`)
      await openFile(page, file('two.csv', `buyer_id;pay_time;paid\n${rows.join('\n')}\n`))
      // The panel is open by itself: there is something to look at.
      assert.notEqual(await page.getAttribute('[data-panel=reading]', 'open'), null)
      const words = async option => (await page.innerText(`[data-proposal="${option}"]`)).replace(/\s+/g, ' ')
      assert.match(await words('decimal'), chosen)
      assert.equal(await page.inputValue('#reading-decimal'), ',')
      await page.click('[data-proposal=decimal] button')
      assert.equal(await page.inputValue('#reading-decimal'), '.')
      await page.click('[data-proposal=decimal] button')
      assert.equal(await page.inputValue('#reading-decimal'), ',')
      assert.match(await words('dates.order'), open)
      assert.equal(await page.inputValue('[id="reading-dates.order"]'), '', 'nothing is chosen that could be the other')
      await shot(page, `proposals-${locale.slice(0, 2)}`)
      assert.equal(await page.locator('[data-proposal="dates.order"] button').count(), 2)
      await page.locator('[data-proposal="dates.order"] button').first().click()
      assert.equal(await page.inputValue('[id="reading-dates.order"]'), 'dmy')
      assert.equal(await page.locator('[data-role=time] .warn, [data-role=amount] .warn').count(), 0, 'what was chosen reads them')
      await confirm(page)
      assert.equal((await figures(page))[used], '40')
      await end()
    }
  })

  test('the sheets of a workbook stand in a list, before reading and after it', async () => {
    const { page, end } = await visit({ locale: 'zh-CN' })
    const orders = (name, amount) => [['订单编号', '买家会员名', '付款时间', '实付金额'], ...Array.from({ length: 30 }, (_, i) => [`${name}${i}`, `会员${i % 7}`, `2025-05-0${1 + (i % 9)}`, amount])]
    await openFile(page, file('orders.xlsx', workbook({ 五月: orders('A', 10), 六月: orders('B', 20) })))
    await openPanel(page)
    assert.deepEqual(await page.$$eval('#reading-sheet option', all => all.map(each => each.textContent)), ['第一个有数据的工作表', '五月', '六月'])
    assert.equal(await page.inputValue('#map-amount'), '实付金额')
    await page.selectOption('#reading-sheet', '六月')
    await page.waitForSelector('#reading-sheet:not([disabled])')
    await confirm(page)
    assert.equal((await figures(page))['金额合计'], '¥600.00')
    await openPanel(page)
    await page.selectOption('#reading-sheet', '五月')
    await page.locator('[data-change=choices]').waitFor()
    assert.equal((await figures(page))['金额合计'], '¥300.00')
    await end()
  })

  test('an encoding that was told wrong is changed before reading', async () => {
    const { page, end } = await visit({ locale: 'zh-CN' })
    await openFile(page, file('orders.csv', gbk('买家,时间,金额\n张三,2025-01-02,3.50\n李四,2025-01-03,4.50\n')))
    assert.equal(await page.inputValue('#map-customer'), '买家')
    await openPanel(page)
    await page.selectOption('#reading-encoding', 'big5')
    await page.waitForFunction(() => ![...document.querySelectorAll('#map-customer option')].some(each => each.textContent === '买家'))
    await page.selectOption('#reading-encoding', '')
    await page.waitForFunction(() => [...document.querySelectorAll('#map-customer option')].some(each => each.textContent === '买家'))
    await page.selectOption('#map-customer', '买家')
    await page.selectOption('#map-time', '时间')
    await page.selectOption('#map-amount', '金额')
    await confirm(page)
    assert.equal((await figures(page))['可用的行'], '2')
    await end()
  })

  test('the rows with a problem are shown in place, as text and nothing else', async () => {
    const { page, end } = await visit()
    await openFile(page, file('dirty.csv', dirty()))
    await confirm(page)
    const open = async code => {
      const issue = page.locator(`[data-issue=${code}]`)
      await issue.locator('[data-action=show-rows]').click()
      await issue.locator('[data-places] table').waitFor()
      return issue
    }
    // The cell with the problem is marked, its line is that of the file.
    const amount = await open('amount')
    assert.equal(await amount.locator('td.problem bdi').innerText(), '免费')
    assert.match(await amount.locator('tbody th').innerText(), /^408/)
    // What turns text round is shown by its name, inside an element that keeps its direction to itself.
    assert.match(await amount.locator('tbody').innerText(), /U\+202Egnp\.exe/)
    assert.equal(await amount.locator('script').count(), 0)
    const date = await open('date')
    assert.equal(await date.locator('td.problem bdi').innerText(), '昨天')
    assert.match(await date.locator('tbody').innerText(), /<img src=x onerror=alert\(1\)>/)
    assert.equal(await page.locator('.report img, .report script').count(), 0)
    await date.locator('.link').click()
    assert.match(await date.locator('thead').innerText(), /备注/)
    // Where the fields do not fit the header, the surplus ones are marked.
    const ragged = await open('ragged')
    assert.equal(await ragged.locator('.cell.extra').innerText(), 'fields')
    assert.match(await ragged.locator('tbody').innerText(), /6 fields instead of 5/)
    await ragged.locator('[data-action=show-rows]').click()
    assert.equal(await ragged.locator('[data-places]').count(), 0)
    const empty = await open('missing-id')
    assert.match(await empty.locator('td.problem').innerText(), /empty/)
    await end()
  })

  test('monthly exports become one table, each told apart, and one can be left out', async () => {
    const { page, end } = await visit()
    const month = (name, number, header, line) => file(name, `${header}\n${Array.from({ length: 40 }, (_, i) => line(i, `2025-${number}-0${1 + (i % 9)}`)).join('\n')}\n`)
    const may = month('may.csv', '05', 'buyer_id,pay_time,paid', (i, day) => `c${i % 7},${day},10`)
    // Another order of the columns, another separator, another name, a row without a customer.
    const june = month('june.csv', '06', 'paid;pay_time;user_id', (i, day) => `${i === 6 ? 'gift' : '10'};${day};${i === 5 ? '' : `c${i % 9}`}`)
    const july = month('july.csv', '07', 'buyer_id,pay_time,paid', (i, day) => `d${i % 7},${day},10`)
    await openFile(page, may, june)
    assert.match(await page.innerText('#step-1'), /2 files/)
    assert.match(await page.innerText('#step-1 ul'), /may\.csv[\s\S]*KB[\s\S]*june\.csv/)
    await confirm(page)
    assert.equal((await figures(page))['Rows used'], '78')
    assert.match(await page.innerText('.files tbody'), /may\.csv[\s\S]*june\.csv/)
    // The row without a customer stands in the second file, and is shown from there.
    const missing = page.locator('[data-issue=missing-id]')
    await missing.locator('[data-action=show-rows]').click()
    await missing.locator('[data-places] table').waitFor()
    assert.match(await missing.locator('tbody th').innerText(), /7\s+june\.csv/)
    assert.match(await missing.locator('td.problem').innerText(), /empty/)
    // So does one with a gift; its customer has another name for the column there, and is found by its role.
    const gift = page.locator('[data-issue=amount]')
    await gift.locator('[data-action=show-rows]').click()
    await gift.locator('[data-places] table').waitFor()
    assert.match((await gift.locator('tbody').innerText()).replace(/\s+/g, ' '), /8 june\.csv c6 2025-06-07 Here: gift/)
    await shot(page, 'several-files')
    // A third file is added and read at once; leaving it out is a change like any other.
    await page.setInputFiles('[data-files=add]', [july])
    await page.locator('[data-change=files]').waitFor()
    assert.equal((await figures(page))['Rows used'], '118')
    await page.click('[data-action=undo]')
    await page.locator('[data-change=undone]').waitFor()
    assert.equal((await figures(page))['Rows used'], '78')
    await page.locator('#step-1 li button').nth(1).click()
    await page.locator('[data-change=files]').waitFor()
    assert.equal((await figures(page))['Rows used'], '40')
    assert.match(await page.innerText('#step-1'), /may\.csv/)
    await end()
  })

  test('a kind of export is remembered only if asked for, without a row, and can be forgotten', async () => {
    const { page, end } = await visit()
    const stored = () => page.evaluate(() => localStorage.getItem('siyu.exports'))
    const rows = Array.from({ length: 30 }, (_, i) => `secret-${i % 7};${1 + (i % 9)}/3/2025;${i},50`).join('\n')
    const first = file('may.csv', `who;day;paid\n${rows}\n`)
    const fill = async () => {
      for (const [role, column] of [['customer', 'who'], ['time', 'day'], ['amount', 'paid']]) await page.selectOption(`#map-${role}`, column)
      await openPanel(page)
      await page.selectOption('#reading-decimal', ',')
      await page.selectOption('[id="reading-dates.order"]', 'dmy')
    }
    await openFile(page, first)
    assert.equal(await page.isChecked('[data-field=remember]'), false, 'off by default')
    await fill()
    await confirm(page)
    assert.equal(await stored(), null)
    await page.click('[data-action=another]')
    await openFile(page, first)
    assert.equal(await page.locator('[data-recognised]').count(), 0)
    await fill()
    await page.check('[data-field=remember]')
    assert.equal(await stored(), null, 'not before the choices are confirmed')
    await confirm(page)
    assert.doesNotMatch(await stored(), /secret/)
    // Another month of the same kind, in another visit: two clicks and no choice to make again.
    await page.reload()
    await page.waitForSelector('h1')
    await openFile(page, file('june.csv', `who;day;paid\n${rows}\nsecret-9;28/3/2025;7,50\n`))
    await page.locator('[data-recognised]').waitFor()
    assert.equal(await page.inputValue('#map-customer'), 'who')
    await confirm(page)
    assert.equal((await figures(page))['Rows used'], '31')
    assert.match(await page.innerText('[data-panel=reading] summary'), /1\.234,50/)
    // Everything that is stored is listed, and one click wipes it.
    await page.click('header summary')
    assert.match(await page.innerText('header [data-stored="1"]'), /june\.csv\s+who · day · paid/)
    await page.click('[data-action=forget-all]')
    await page.locator('header [data-stored="0"]').waitFor()
    assert.equal(await stored(), null)
    await end()
  })

  test('storage that holds something else is no reason to fail', async () => {
    const { page, end } = await visit({ before: () => localStorage.setItem('siyu.exports', '[{"profile":{"version":1,"kind":7}},null,{"file":"x"}]') })
    await openFile(page, file('small.csv', 'buyer_id,pay_time,paid\na,2025-01-02,3.50\nb,2025-01-03,4.50\n'))
    await confirm(page)
    await end()
  })

  test('the network part counts what the browser recorded, and what the policy stopped', async () => {
    const { page, context } = await visit({ expected: /Content Security Policy|violates/ })
    await page.click('header summary')
    const recorded = () => page.evaluate(() => 1 + performance.getEntriesByType('resource').filter(each => !each.name.startsWith('blob:')).length)
    const shown = async () => Number(await page.getAttribute('header [data-requests]', 'data-requests'))
    assert.equal(await shown(), await recorded())
    await page.evaluate(() => fetch('samples/cdnow_master.csv').then(response => response.text()))
    await page.waitForFunction(n => Number(document.querySelector('header [data-requests]').getAttribute('data-requests')) > n, await shown().then(n => n - 1))
    await page.waitForFunction(() => Number(document.querySelector('header [data-requests]').getAttribute('data-requests')) === 1 + performance.getEntriesByType('resource').filter(each => !each.name.startsWith('blob:')).length)
    assert.match(await page.innerText('header .statement'), /0 of them to another host/)
    // An attempt to reach another host is stopped by the policy, and the page says so.
    const fetched = await page.evaluate(() => fetch('http://127.0.0.1:9/x').then(() => 'sent', error => error.name))
    assert.equal(fetched, 'TypeError')
    await page.waitForFunction(() => /Attempts that the policy stopped\s+1/.test(document.querySelector('header .evidence').innerText))
    await context.close()
  })

  test('a lost connection is told, with the way on, and nothing is lost', async () => {
    const { page, context, end } = await visit({ expected: /ERR_INTERNET_DISCONNECTED|Failed to load/ })
    await context.setOffline(true)
    await page.click('[data-sample=cdnow]')
    await page.locator('[data-problem=fetch]').waitFor()
    assert.match(await page.innerText('[data-problem]'), /could not be loaded/)
    await context.setOffline(false)
    await page.click('[data-action=again]')
    await page.waitForSelector('[data-action=confirm]')
    assert.equal(await page.locator('[data-problem]').count(), 0)
    await end()
  })

  test('a part of the page that did not arrive is asked for again', async () => {
    const { page, end } = await visit({ expected: /ERR_FAILED|Failed to load/ })
    await page.route('**/answer-*', route => route.abort())
    await openFile(page, file('small.csv', 'buyer_id,pay_time,paid\na,2025-01-02,3.50\nb,2025-01-03,4.50\n'))
    await page.locator('[data-problem=part]').waitFor()
    await page.unroute('**/answer-*')
    await page.click('[data-action=again]')
    await confirm(page)
    await end()
  })

  test('an engine that breaks is started afresh: the same question is asked again, and what was read stays', async () => {
    const { page, end } = await visit({
      before: () => {
        const Real = globalThis.Worker
        globalThis.Worker = class extends Real {
          // Breaks just after a question is asked: before, nobody would wait for its answer.
          postMessage(...given) {
            super.postMessage(...given)
            if (!globalThis.breaksNext) return
            globalThis.breaksNext = false
            setTimeout(() => this.dispatchEvent(new ErrorEvent('error', { message: 'broken for the test' })))
          }
        }
      },
    })
    await page.click('[data-sample=cdnow]')
    await page.waitForSelector('[data-action=confirm]')
    await page.evaluate(() => { globalThis.breaksNext = true })
    await page.click('[data-action=confirm]')
    await page.locator('[data-problem=engine-restarted]').waitFor()
    assert.match(await page.innerText('[data-problem]'), /Nothing was lost/)
    await page.click('[data-action=again]')
    await page.waitForSelector('[data-drawn=true]')
    assert.equal((await figures(page))['Rows used'], '69,659')
    assert.equal(await page.locator('[data-problem]').count(), 0)
    await end()
  })

  test('a file that cannot be written is told, and can be saved again', async () => {
    const { page, end } = await visit()
    await page.click('[data-sample=cdnow]')
    await page.waitForSelector('[data-action=confirm]')
    await confirm(page)
    await page.evaluate(() => {
      globalThis.realCreate = URL.createObjectURL
      URL.createObjectURL = () => {
        throw new DOMException('full', 'QuotaExceededError')
      }
    })
    await page.click('[data-action=save]')
    await page.locator('[data-problem=download]').waitFor()
    await page.evaluate(() => (URL.createObjectURL = globalThis.realCreate))
    const [download] = await Promise.all([page.waitForEvent('download'), page.click('[data-action=again]')])
    assert.match(download.suggestedFilename(), /^siyu-all-/)
    await end()
  })

  test('bins, thresholds and weights change the scores at once', async () => {
    const { page, end } = await visit()
    await page.click('[data-sample=shop]')
    await page.waitForSelector('[data-action=confirm]')
    await confirm(page)
    await page.click('[data-action=options]')
    await page.selectOption('#bins', '3')
    await page.waitForFunction(() => document.querySelectorAll('.heat .keys button').length === 9)
    await page.locator('[data-weight=monetary]').fill('4')
    await page.locator('[data-weight=monetary]').blur()
    await settled(page)
    await page.waitForFunction(() => /^\d \d \d · \d\.\d$/.test(document.querySelector('.customers .body .row span:last-child').textContent))
    const [r, f, m, total] = (await page.locator('.customers .body .row span').nth(7).innerText()).match(/[\d.]+/g).map(Number)
    assert.ok(Math.abs((r + f + 4 * m) / 6 - total) < 0.051, `${r} ${f} ${m} weighed are ${total}`)
    await page.selectOption('#scoring', 'fixed')
    await page.waitForFunction(() => document.querySelectorAll('.heat .keys button').length === 25)
    // Lists of different length compute nothing and say why.
    await page.locator('[data-thresholds=recency]').fill('30, 10')
    await page.locator('[data-thresholds=recency]').blur()
    assert.match(await page.innerText('#thresholds-about'), /smallest first/)
    for (const [measure, text] of [['recency', '30 90'], ['frequency', '1，3'], ['monetary', '100, 1000']]) {
      await page.locator(`[data-thresholds=${measure}]`).fill(text)
      await page.locator(`[data-thresholds=${measure}]`).blur()
    }
    await page.waitForFunction(() => document.querySelectorAll('.heat .keys button').length === 9)
    assert.equal(await page.locator('[data-problem]').count(), 0)
    await end()
  })

  test('a file that changed on the disk is named, and can be chosen again without losing a choice', async () => {
    const { page, end } = await visit({ expected: /ERR_UPLOAD_FILE_CHANGED|NotReadable/ })
    const path = file('changing.csv', 'who,when,paid\na,2025-01-02,3.50\nb,2025-01-03,4.50\n')
    await openFile(page, path)
    for (const [role, column] of [['customer', 'who'], ['time', 'when'], ['amount', 'paid']]) await page.selectOption(`#map-${role}`, column)
    await new Promise(done => setTimeout(done, 1100))
    writeFileSync(path, 'who,when,paid\na,2025-01-02,3.50\nb,2025-01-03,4.50\nc,2025-01-04,5.50\n')
    await page.click('[data-action=confirm]')
    const problem = page.locator('[data-problem]')
    await problem.waitFor()
    assert.match(await problem.innerText(), /moved, renamed or changed|could not be read/)
    await page.setInputFiles('[data-files=again]', path)
    await page.waitForSelector('[data-action=confirm]')
    assert.equal(await page.inputValue('#map-customer'), 'who')
    await confirm(page)
    assert.equal((await figures(page))['Rows used'], '3')
    await end()
  })

  test('the report and its panel are in order for axe and for the screen, in each pair of language, theme and width', async () => {
    for (const viewport of [WIDE, NARROW]) {
      for (const [colorScheme, locale] of [['light', 'en-US'], ['dark', 'zh-CN'], ['dark', 'en-US'], ['light', 'zh-CN']]) {
        // Half of the eight, so that each pair of language, theme and width is met; all of them for screenshots.
        if (!shots && [viewport === NARROW, colorScheme === 'dark', locale === 'zh-CN'].filter(Boolean).length % 2 === 1) continue
        const name = `quality-${viewport.width}-${colorScheme}-${locale.slice(0, 2)}`
        const { page, end } = await visit({ viewport, colorScheme, locale })
        const check = async step => {
          await shot(page, `${name}-${step}`)
          const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
          assert.equal(wide, 0, `${name}, ${step}: wider than the screen`)
          const found = await violations(page)
          const bad = found.filter(each => ['serious', 'critical'].includes(each.impact)).map(each => each.told)
          assert.deepEqual(bad, [], `${name}, ${step}`)
        }
        await openFile(page, file('dirty.csv', dirty()))
        await openPanel(page)
        await check('1-columns')
        await confirm(page)
        await openPanel(page)
        await page.selectOption('#zone', 'Asia/Tokyo')
        await page.locator('[data-change=zone]').waitFor()
        await settled(page)
        await check('2-report')
        for (const button of (await page.locator('[data-action=show-rows]').all()).slice(0, 6)) await button.click()
        await page.waitForFunction(() => document.querySelectorAll('[data-places] table').length === 6)
        await check('2-rows')
        await page.click('header summary')
        const { x, width } = await page.locator('header .evidence').boundingBox()
        assert.ok(x >= 0 && x + width <= viewport.width, `${name}: the network part is cut off`)
        await check('3-network')
        await end()
      }
    }
  })
})

test('every code that reading can report has its words in both languages', () => {
  const documented = [...readFileSync(place('../../docs/errors.md'), 'utf8').matchAll(/^\| `([\w-]+)` \|/gm)].map(([, code]) => code)
  assert.ok(documented.length > 30)
  // Codes of requests and of the engine; no report of a file holds them.
  const never = new Set(
    'limit-memory unsupported unknown-analysis unknown-version unknown-field missing-field invalid-option unknown-table missing-role denied not-enough-data not-identifiable cancelled closed engine-restarted engine-load decode missing-sheet'.split(' '),
  )
  for (const language of ['en', 'zh']) {
    const text = readFileSync(place(`../../www/src/text/${language}.ts`), 'utf8')
    const has = key => text.includes(`\n  '${key}': '`)
    for (const code of documented.filter(code => !never.has(code))) {
      for (const family of ['code', 'issue', 'means', 'help']) assert.ok(has(`${family}.${code}`), `${language}: ${family}.${code}`)
    }
  }
})
