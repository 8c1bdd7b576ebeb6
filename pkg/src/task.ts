/** A call on its way inside the engine: how it is cancelled and how it tells where it is. */
import { fail } from './errors.js'
import type { Progress } from './types.js'

/** Milliseconds between two notes of progress. */
const EVERY = 80

export class Task {
  #cancelled = false
  #told = 0
  readonly #undo = new Set<() => void>()
  readonly #tell: (progress: Progress) => void

  constructor(tell: (progress: Progress) => void = () => {}) {
    this.#tell = tell
  }

  /** Stops the call now: what it holds is given back before this returns. */
  cancel(): void {
    if (this.#cancelled) return
    this.#cancelled = true
    for (const undo of [...this.#undo].reverse()) undo()
    this.#undo.clear()
  }

  /** Throws `cancelled` after `cancel`. To be asked after every wait. */
  check(): void {
    if (this.#cancelled) throw fail('cancelled', 'The caller stopped it.')
  }

  /**
   * What gives something back: runs at `cancel`, or when the returned function is called,
   * whichever comes first, once.
   */
  holds(giveBack: () => void): () => void {
    const once = (): void => {
      if (this.#undo.delete(once)) giveBack()
    }
    this.#undo.add(once)
    return once
  }

  /** What `holds` returned is not to be given back any more. */
  keeps(giveBack: () => void): void {
    this.#undo.delete(giveBack)
  }

  /** Tells where the call is, not more often than a person can see; that a phase is at its end, always. */
  tell(progress: Progress): void {
    const now = performance.now()
    if (now - this.#told < EVERY && progress.done !== progress.total) return
    this.#told = now
    this.#tell(progress)
  }
}
