// The page's one Trusted Types policy of its own, for code that knows nothing of Trusted Types.
//
// The chart library clears its container with `innerHTML = ''`; the empty string can carry nothing, so it is
// let through, and every other string is refused. Scripts from strings are not allowed at all.

interface Policies {
  createPolicy(name: string, rules: { createHTML(text: string): string }): unknown
}

const policies = (globalThis as { trustedTypes?: Policies }).trustedTypes
policies?.createPolicy('default', {
  createHTML(text) {
    if (text !== '') throw new TypeError('markup from a string is not allowed here')
    return text
  },
})
