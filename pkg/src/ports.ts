/** Ports over what can carry messages: a worker, the inside of one, or nothing but this thread. */
import type { Port } from './protocol.js'

/** A browser's worker, or the inside of one. */
interface WebEnd {
  postMessage(message: unknown, transfer: never[]): void
  addEventListener(type: string, listener: (event: any) => void): void
  terminate?(): unknown
}

/** A worker of Node, or its parent. */
interface NodeEnd {
  postMessage(message: unknown, transfer: never[]): void
  on(event: string, listener: (value: any) => void): void
  terminate?(): unknown
}

/** A port over a worker, or over the worker's own scope. */
export function portOf<Out, In>(end: WebEnd | NodeEnd): Port<Out, In> {
  return {
    moves: true,
    post: (message, transfer = []) => end.postMessage(message, transfer as never[]),
    listen(hear, gone = () => {}) {
      if ('addEventListener' in end && !('on' in end)) {
        end.addEventListener('message', ({ data }: MessageEvent<In>) => hear(data))
        end.addEventListener('messageerror', () => gone('A message could not be read.'))
        end.addEventListener('error', (event: ErrorEvent) => gone(event.message || 'The worker could not be started.'))
      } else {
        const node = end as NodeEnd
        node.on('message', hear)
        node.on('messageerror', () => gone('A message could not be read.'))
        node.on('error', (error: Error) => gone(error.message))
        node.on('exit', (code: number) => gone(`The worker ended with code ${code}.`))
      }
    },
    close() {
      end.terminate?.()
    },
  }
}

/** Two connected ports on this thread. Messages arrive later, in order, and are not copied. */
export function pairOfPorts<A, B>(): [Port<A, B>, Port<B, A>] {
  let open = true
  const hearers: ((message: never) => void)[] = []
  const losers: ((text: string) => void)[] = []
  const end = <Out, In>(mine: 0 | 1): Port<Out, In> => ({
    moves: false,
    post(message) {
      queueMicrotask(() => {
        if (open) hearers[1 - mine]?.(message as never)
      })
    },
    listen(hear, gone = () => {}) {
      hearers[mine] = hear
      losers[mine] = gone
    },
    close() {
      if (open) losers[1 - mine]?.('The other side was closed.')
      open = false
    },
  })
  return [end<A, B>(0), end<B, A>(1)]
}
