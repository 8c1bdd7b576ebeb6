// One job: count what arrives. An HTTP server that answers anything to anybody and counts by path, a WebSocket
// door, two UDP sockets (STUN, QUIC), a TCP port for bare connections, and a proxy for everything that is
// not on this machine.

import { once } from 'node:events'
import { createSocket } from 'node:dgram'
import { createServer } from 'node:http'
import { createServer as createTcp } from 'node:net'

/** Opens all ports. `arrived` counts by name; `where(label)` gives the addresses of a label. */
export async function counter() {
  const arrived = new Map()
  /** When the last one came. */
  let last = 0
  const count = (name) => {
    arrived.set(name, (arrived.get(name) ?? 0) + 1)
    last = performance.now()
  }
  const http = createServer((request, response) => {
    // What the browser asks for a page of its own accord is no channel.
    if (request.url !== '/favicon.ico') count(request.url.slice(1).split('?')[0])
    request.resume()
    const type = { script: 'text/javascript', style: 'text/css', document: 'text/html', iframe: 'text/html' }[request.headers['sec-fetch-dest']] ?? 'text/plain'
    response.writeHead(200, { 'content-type': type, 'access-control-allow-origin': '*', 'access-control-allow-headers': '*', 'cache-control': 'no-store' })
    response.end(type === 'text/html' ? '<!doctype html><title>arrived</title>' : '')
  })
  http.on('upgrade', (request, socket) => {
    count(request.url.slice(1))
    socket.on('error', () => {})
    socket.destroy()
  })
  const tcp = createTcp((socket) => {
    count('tcp')
    socket.on('error', () => {})
    socket.destroy()
  })
  const asked = []
  const proxy = createServer((request, response) => {
    asked.push(request.url)
    response.writeHead(502).end()
  })
  proxy.on('connect', (request, socket) => {
    asked.push(request.url)
    socket.on('error', () => {})
    socket.end('HTTP/1.1 502 no\r\n\r\n')
  })
  const listening = async (server) => {
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return server.address().port
  }
  const udp = async (name) => {
    const socket = createSocket('udp4')
    socket.on('message', () => count(name))
    socket.bind(0, '127.0.0.1')
    await once(socket, 'listening')
    return socket
  }
  const [stun, quic] = [await udp('stun'), await udp('quic')]
  const ports = { http: await listening(http), tcp: await listening(tcp), proxy: await listening(proxy), stun: stun.address().port, quic: quic.address().port }
  return {
    arrived, asked, ports,
    last: () => last,
    where: (label) => ({ http: `http://127.0.0.1:${ports.http}/${label}`, ws: `ws://127.0.0.1:${ports.http}/${label}`, tcp: `http://127.0.0.1:${ports.tcp}`, stun: `stun:127.0.0.1:${ports.stun}`, quic: `https://127.0.0.1:${ports.quic}/${label}` }),
    async close() {
      stun.close()
      quic.close()
      for (const server of [http, proxy]) server.closeAllConnections()
      await Promise.all([http, tcp, proxy].map((server) => new Promise((resolve) => server.close(resolve))))
    },
  }
}
