// The package in a page, within reach of the tests: `lib` is the entry named by the address.

const entry = new URLSearchParams(location.search).get('entry') ?? 'index'

/** A file of so many orders, 5 to a customer. */
globalThis.orders = (rows, name = 'orders.csv') => {
  const parts = ['buyer,at,paid\n']
  for (let row = 0; row < rows; row += 10_000) {
    let text = ''
    for (let at = row; at < Math.min(row + 10_000, rows); at += 1) text += `C${(at * 7919) % (rows / 5)},2024-0${1 + (at % 9)}-1${at % 10},${(at % 997) / 4}\n`
    parts.push(text)
  }
  return new File(parts, name)
}
globalThis.roles = { customer: 'buyer', time: 'at', amount: 'paid' }
globalThis.AT = { at: '2025-06-01' }
/** The code that a promise rejects with. */
globalThis.code = (promise) => promise.then(() => 'no error', (error) => error.code ?? String(error))

/** What becomes of code in a string. In a task of the page's own: drivers are above its policy. */
globalThis.evaluated = () => new Promise((resolve) => {
  setTimeout(() => {
    try {
      resolve((0, eval)('"ran"'))
    } catch (error) {
      resolve(error.name)
    }
  })
})

let policy
/** A worker of the caller's own. It takes the policy that the package would make for its address: not for both in one page. */
globalThis.workerOf = (path) => {
  policy ??= globalThis.trustedTypes?.createPolicy('siyu', { createScriptURL: (given) => given })
  return new Worker(policy ? policy.createScriptURL(path) : path, { type: 'module' })
}

/** The package's entries for what is kept and what goes with what leaves. */
globalThis.keeping = async () => ({ ...(await import('./dist/workspace.js')), ...(await import('./dist/compliance.js')) })

globalThis.lib = await import(`./dist/${entry}.js`)
document.documentElement.dataset.ready = 'true'
