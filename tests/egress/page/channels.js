// Every way out that a page or a worker has, each as a function of the addresses to reach. They are tried,
// not awaited for success: what counts is what arrives.

const add = (name, properties, parent = document.body) => {
  const element = document.createElement(name)
  Object.assign(element, properties)
  parent.append(element)
  return element
}
const link = (rel, more = {}) => ({ http }) => void add('link', { rel, href: http, ...more }, document.head)
const svg = (name, http) => {
  const outer = document.createElementNS('http://www.w3.org/2000/svg', 'svg')
  const inner = document.createElementNS('http://www.w3.org/2000/svg', name)
  inner.setAttribute('href', name === 'use' ? `${http}#x` : http)
  outer.append(inner)
  document.body.append(outer)
}
const form = (more) => ({ http }) => {
  const element = add('form', { method: 'post', action: http, ...more })
  add('input', { name: 'ids', value: 'A1' }, element)
  element.requestSubmit()
}

/** What exists in workers too. */
export const everywhere = {
  'fetch': ({ http }) => fetch(http, { method: 'POST', body: 'A1' }),
  'fetch, no-cors, keepalive': ({ http }) => fetch(http, { method: 'POST', mode: 'no-cors', keepalive: true, body: 'A1' }),
  'XMLHttpRequest': ({ http }) => {
    const request = new XMLHttpRequest()
    request.open('POST', http)
    request.send('A1')
  },
  'WebSocket': ({ ws }) => void new WebSocket(ws),
  'EventSource': ({ http }) => void new EventSource(http),
  'WebTransport': ({ quic }) => new WebTransport(quic).ready,
  'import()': ({ http }) => import(http),
  'new Worker': ({ http }) => void new Worker(http, { type: 'module' }),
  'font (FontFace)': ({ http }) => new FontFace('x', `url(${http})`).load(),
}

/** What only a worker has. */
export const workers = {
  'importScripts': ({ http }) => importScripts(http),
}

/** What only a page has. */
export const pages = {
  'sendBeacon': ({ http }) => navigator.sendBeacon(http, 'A1'),
  'image': ({ http }) => void (new Image().src = http),
  'SVG image': ({ http }) => svg('image', http),
  'SVG use': ({ http }) => svg('use', http),
  'video': ({ http }) => void add('video', { src: http, preload: 'auto' }),
  'audio': ({ http }) => void add('audio', { src: http, preload: 'auto' }),
  'object': ({ http }) => void add('object', { data: http }),
  'embed': ({ http }) => void add('embed', { src: http }),
  'iframe': ({ http }) => void add('iframe', { src: http }),
  'script element': ({ http }) => void add('script', { src: http }),
  'module script': ({ http }) => void add('script', { src: http, type: 'module' }),
  'style sheet': link('stylesheet'),
  'style @import': ({ http }) => void add('style', { textContent: `@import url(${http})` }),
  'CSS url()': ({ http }) => void (add('div', { textContent: 'x' }).style.backgroundImage = `url(${http})`),
  'CSS url() in a constructed sheet': ({ http }) => {
    const sheet = new CSSStyleSheet()
    sheet.replaceSync(`body::after { content: 'x'; background: url(${http}) }`)
    document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet]
  },
  'link prefetch': link('prefetch'),
  'link preload': link('preload', { as: 'image' }),
  'link modulepreload': link('modulepreload'),
  'link manifest': link('manifest'),
  'link icon': link('icon'),
  'link preconnect': ({ tcp }) => void add('link', { rel: 'preconnect', href: tcp, crossOrigin: 'anonymous' }, document.head),
  'speculation rules': ({ http }) => void add('script', { type: 'speculationrules', textContent: JSON.stringify({ prefetch: [{ source: 'list', urls: [http] }] }) }),
  'a ping': ({ http }) => {
    const anchor = add('a', { href: '#here', textContent: 'x' })
    anchor.setAttribute('ping', http)
    anchor.click()
  },
  'WebRTC (STUN)': async ({ stun }) => {
    const connection = new RTCPeerConnection({ iceServers: [{ urls: stun }] })
    connection.createDataChannel('x')
    await connection.setLocalDescription(await connection.createOffer())
  },
}

/** What takes the page away, or opens another: each is tried on a fresh page, after a real click. */
export const leaving = {
  'form post': form({}),
  'form post to a new window': form({ target: '_blank' }),
  'window.open': ({ http }) => void open(http),
  'link to a new window': ({ http }) => add('a', { href: http, target: '_blank', rel: 'noopener' }).click(),
  'navigation (location)': ({ http }) => void (location.href = http),
  'navigation (link)': ({ http }) => add('a', { href: http }).click(),
  'navigation (meta refresh)': ({ http }) => void add('meta', { httpEquiv: 'refresh', content: `0;url=${http}` }, document.head),
}

/** Tries a channel; what it throws or rejects with is no matter. */
export async function attempt(name, where) {
  const channel = { ...everywhere, ...workers, ...pages, ...leaving }[name]
  try {
    await channel(where)
    return 'tried'
  } catch (error) {
    return error?.name ?? String(error)
  }
}
