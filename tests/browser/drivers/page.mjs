// One job: what every driver's page can do once it can evaluate: wait for something to become true, and
// look into the document. Drivers extend it with `goto`, `run`, `click`, `press`, `upload`, `shot`,
// `size` and `close`.

/** How long anything may take that is waited for. */
export const PATIENCE = 60_000

/** Something that a driver cannot do; the name is that of `limits.mjs`, the text the driver's own. */
export class Limit extends Error {
  constructor(name, text) {
    super(`driver limit: ${name}: ${text}`)
    this.limit = name
  }
}

export class Page {
  /**
   * Runs a function in the page and gives back what it returns, or what its promise is fulfilled with.
   * Arguments and result travel as JSON.
   */
  async evaluate(work, ...args) {
    const text = await this.run(`(async () => { const value = await (${work})(...${JSON.stringify(args)}); return JSON.stringify(value === undefined ? null : value) })()`)
    return JSON.parse(text)
  }

  /** Waits until a function gives something true in the page, and gives that back. Looks again whenever the document changes. */
  async until(work, ...args) {
    const text = `${work}`
    const found = await this.run(`(${watched})(() => (${text})(...${JSON.stringify(args)}), ${PATIENCE})`)
    const { value, late } = JSON.parse(found)
    if (late) throw new Error(`this did not become true in ${PATIENCE / 1000} s: ${text} ${JSON.stringify(args)}; the page says: ${late}`)
    return value
  }

  /** Waits for an element. */
  async waitFor(selector) {
    await this.until((wanted) => document.querySelector(wanted) !== null, selector)
  }

  /** Waits until no element is there. */
  async waitForNone(selector) {
    await this.until((wanted) => document.querySelector(wanted) === null, selector)
  }

  /** The texts of all elements as they are shown. */
  texts(selector) {
    return this.evaluate((wanted) => [...document.querySelectorAll(wanted)].map((each) => each.innerText), selector)
  }

  /** The text of the first one. */
  async text(selector) {
    await this.waitFor(selector)
    return (await this.texts(selector))[0]
  }

  /** The values of all fields. */
  values(selector) {
    return this.evaluate((wanted) => [...document.querySelectorAll(wanted)].map((each) => each.value), selector)
  }

  /** An attribute of the first one. */
  async attribute(selector, name) {
    await this.waitFor(selector)
    return this.evaluate((wanted, key) => document.querySelector(wanted).getAttribute(key), selector, name)
  }

  async count(selector) {
    return this.evaluate((wanted) => document.querySelectorAll(wanted).length, selector)
  }

  /** Chooses in a list. */
  async choose(selector, value) {
    await this.waitFor(selector)
    await this.evaluate((wanted, chosen) => {
      const list = document.querySelector(wanted)
      list.value = chosen
      if (list.value !== chosen) throw new Error(`${wanted} has no ${chosen}`)
      list.dispatchEvent(new Event('input', { bubbles: true }))
      list.dispatchEvent(new Event('change', { bubbles: true }))
    }, selector, value)
  }

  /** Types into a field after what is in it. */
  async type(selector, text) {
    await this.waitFor(selector)
    await this.evaluate((wanted) => document.querySelector(wanted).focus(), selector)
    for (const letter of text) await this.press(letter)
  }

  /** Where the middle of the first visible element is, scrolled into sight and not moving. */
  async middle(selector) {
    await this.waitFor(selector)
    return this.evaluate(async (wanted) => {
      const shown = [...document.querySelectorAll(wanted)].find((each) => each.getClientRects().length > 0)
      if (!shown) throw new Error(`${wanted} is not shown`)
      shown.scrollIntoView({ block: 'center', inline: 'center', behavior: 'instant' })
      for (let last = ''; ;) {
        await new Promise((resolve) => requestAnimationFrame(resolve))
        const { left, top, width, height } = shown.getBoundingClientRect()
        const now = [left, top, width, height].join()
        if (now === last) return { x: Math.round(left + width / 2), y: Math.round(top + height / 2) }
        last = now
      }
    }, selector)
  }

  /** What `watch.js` noted in the page: errors, complaints, breaches of the policy. */
  noted() {
    return this.evaluate(() => globalThis.noted ?? ['watch.js did not run'])
  }
}

/** In the page: waits for a condition, asked again after each change and ten times a second. */
function watched(condition, patience) {
  return new Promise((resolve) => {
    const over = performance.now() + patience
    let wrong = null
    const end = (answer) => {
      observer.disconnect()
      clearInterval(again)
      resolve(JSON.stringify(answer))
    }
    const look = () => {
      try {
        const value = condition()
        if (value) return end({ value: value === true ? true : JSON.parse(JSON.stringify(value)) })
        wrong = null
      } catch (error) {
        wrong = String(error)
      }
      if (performance.now() > over) end({ late: `${wrong ?? ''} ${document.body?.innerText.slice(0, 400)}` })
    }
    const observer = new MutationObserver(look)
    observer.observe(document, { subtree: true, childList: true, attributes: true, characterData: true })
    const again = setInterval(look, 100)
    look()
  })
}
