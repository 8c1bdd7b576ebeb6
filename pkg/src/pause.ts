/** Lets everything that is waiting run: messages, timers, rendering. */
export function pause(): Promise<void> {
  return new Promise(resolve => {
    const { setImmediate } = globalThis as { setImmediate?(call: () => void): void }
    if (setImmediate) setImmediate(resolve)
    else {
      // A message is not slowed down like a timer of 0 ms.
      const { port1, port2 } = new MessageChannel()
      port1.onmessage = () => {
        port1.close()
        resolve()
      }
      port2.postMessage(null)
    }
  })
}
