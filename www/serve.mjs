// Serves the built dashboard as static files under the strict policy it is made for. No dependency.
//
//   node serve.mjs [folder] [--port 4173] [--host 127.0.0.1]
//
// Every response carries the policy, the worker's script too. Port 0 takes any free port.
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { createServer } from 'node:http'
import { extname, join, normalize, resolve, sep } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

export const POLICY = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "worker-src 'self'",
  "connect-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "font-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  // No windows (so no opener policy beside it, which WebKit takes with a sandbox for an error): what is not named here the page may not do. (Forms tell their submission; form-action stops it.)
  'sandbox allow-scripts allow-same-origin allow-forms allow-downloads',
  "require-trusted-types-for 'script'",
].join('; ')

/** What the page never asks for. */
const PERMISSIONS = ['camera', 'display-capture', 'geolocation', 'microphone', 'payment', 'usb', 'serial', 'hid'].map(name => `${name}=()`).join(', ')

const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.json': 'application/json',
  '.csv': 'text/csv; charset=utf-8',
  '.md': 'text/plain; charset=utf-8',
  '.wasm': 'application/wasm',
}

/**
 * Serves `folder`; resolves to the listening server and its address.
 *
 * @param {{ folder: string, port?: number, host?: string }} options
 */
export async function serve({ folder, port = 0, host = '127.0.0.1' }) {
  const root = resolve(folder)
  const server = createServer(async (request, response) => {
    const refuse = (status, text) => {
      response.writeHead(status, { ...headers, 'content-type': 'text/plain; charset=utf-8' }).end(text)
    }
    const headers = {
      'content-security-policy': POLICY,
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cross-origin-resource-policy': 'same-origin',
      'permissions-policy': PERMISSIONS,
      'x-dns-prefetch-control': 'off',
      'cache-control': 'no-cache',
    }
    if (request.method !== 'GET' && request.method !== 'HEAD') return refuse(405, 'only GET and HEAD')
    let path
    try {
      path = decodeURIComponent(new URL(request.url ?? '/', 'http://localhost').pathname)
    } catch {
      return refuse(400, 'not an address')
    }
    if (path.includes('\0')) return refuse(400, 'not an address')
    if (path.endsWith('/')) path += 'index.html'
    const file = normalize(join(root, path))
    if (!file.startsWith(root + sep)) return refuse(403, 'outside the site')
    const found = await stat(file).catch(() => null)
    if (found === null || !found.isFile()) return refuse(404, 'not found')
    response.writeHead(200, {
      ...headers,
      'content-type': TYPES[extname(file)] ?? 'application/octet-stream',
      'content-length': found.size,
    })
    if (request.method === 'HEAD') return response.end()
    createReadStream(file).on('error', () => response.destroy()).pipe(response)
  })
  await new Promise((done, fail) => server.once('error', fail).listen(port, host, done))
  const address = server.address()
  const name = host.includes(':') ? `[${host}]` : host
  return { server, url: `http://${name}:${address.port}/`, close: () => new Promise(done => server.close(done)) }
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const words = process.argv.slice(2)
  const option = (name, otherwise) => {
    const at = words.indexOf(name)
    return at < 0 ? otherwise : words.splice(at, 2)[1]
  }
  const port = Number(option('--port', process.env.PORT ?? '4173'))
  const host = option('--host', '127.0.0.1')
  const folder = words[0] ?? fileURLToPath(new URL('./dist', import.meta.url))
  const open = wanted => serve({ folder, port: wanted, host })
  const { url } = await open(port).catch(error => {
    if (error.code !== 'EADDRINUSE') throw error
    console.log(`port ${port} is taken, choosing another`)
    return open(0)
  })
  console.log(`Siyu is at ${url}  (Ctrl+C ends it)`)
}
