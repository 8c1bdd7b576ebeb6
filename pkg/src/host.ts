/** The engine's side of the connection: hears calls, runs them side by side, answers. */
import { Engine } from './engine.js'
import { Broken, fail, failureOf } from './errors.js'
import { stand } from './floor.js'
import { part } from './part.js'
import type { CallMessage, FromEngine, Port, Remote, ToEngine } from './protocol.js'
import { buffersOf as buffersOfSets } from './reports.js'
import { type Batch, type ByteInput, type Cursor, type Input, ofBlob } from './sources.js'
import { Task } from './task.js'
import { compile, type MakeGlue, start } from './wasm.js'

/** A piece that was asked for. */
interface Waiting {
  give(piece: Uint8Array | Batch | null): void
  fail(error: unknown): void
}

/** What the script around the engine knows of its files. */
export interface Files {
  /** The module's bytes, where they are part of the script. */
  builtin?(): BufferSource
  /** A file that is loaded when first needed, at the address that the page names; without this it is fetched. */
  load?(address: string): Promise<BufferSource>
}

/** Serves one port until the engine breaks. */
export function serve(port: Port<FromEngine, ToEngine>, make: MakeGlue, { builtin, load }: Files = {}): void {
  let engine: Engine | null = null
  let broken = false
  let cursors = 0
  const tasks = new Map<number, Task>()
  const waiting = new Map<number, Waiting>()

  const post = (message: FromEngine, transfer?: Transferable[]): void => {
    if (!broken) port.post(message, transfer)
  }

  /** A feed of the page as a source: one piece is asked for while the last is worked on. */
  const pulled = (source: Extract<Remote, { kind: 'feed' }>): Input => {
    const open = (): Cursor<never> => {
      const cursor = ++cursors
      let open = true
      const ask = (): Promise<Uint8Array | Batch | null> => {
        const piece = new Promise<Uint8Array | Batch | null>((give, fail) => waiting.set(cursor, { give, fail }))
        piece.catch(() => {}) // awaited later, or never if closed before
        post({ type: 'pull', feed: source.feed, cursor })
        return piece
      }
      let ahead: Promise<Uint8Array | Batch | null> | null = null
      return {
        async next() {
          if (!open) return null
          const piece = await (ahead ?? ask())
          if (piece && open) ahead = ask()
          else open = false
          return piece as never
        },
        close() {
          open = false
          waiting.get(cursor)?.give(null)
          waiting.delete(cursor)
          post({ type: 'unpull', cursor })
        },
      }
    }
    const common = { name: source.name, blob: null, open }
    return source.form === 'bytes'
      ? { ...common, form: 'bytes', size: source.size, again: source.again }
      : { ...common, form: 'columns', size: source.size ?? 0, again: false, roles: source.roles ?? {}, attributes: source.attributes ?? {} }
  }

  const inputOf = (source: Remote): Input => (source.kind === 'blob' ? ofBlob(source.blob, source.name) : pulled(source))

  /** What a call answers, and the buffers in it that can be moved. */
  const answer = async (message: CallMessage, task: Task): Promise<{ answer: unknown; transfer?: ArrayBuffer[] }> => {
    if (message.type === 'open') {
      stand() // a worker has its own globals
      const wasm = message.wasm ?? builtin?.()
      if (!wasm) throw fail('engine-load', 'There is no siyu.wasm: give open({ wasm }).')
      const module = await compile(wasm)
      const { sheet, later } = message
      const started = start(make, module)
      const complete = async (): Promise<void> => {
        started.extend(await compile(load ? await part('later.wasm', () => load(later)) : later, 'later.wasm'))
      }
      engine = new Engine(started.wasm, message.memoryLimit, () => load?.(sheet) ?? sheet, complete)
      engine.setPolicy(message.policy)
      if (message.whole) engine.completed().catch(() => {}) // who needs it tries again, and is told
      return { answer: { version: engine.version(), module } }
    }
    if (!engine) throw fail('closed', 'The engine is not open.')
    switch (message.type) {
      case 'guess':
        return { answer: await engine.guess(inputOf(message.source) as ByteInput, message.options, task) }
      case 'read': {
        const { sources, ...plan } = message
        return { answer: await engine.read(sources.map(inputOf), plan, task) }
      }
      case 'rowsAt':
        return { answer: await engine.rowsAt(message.sources.map(inputOf) as ByteInput[], message.places, message.options, task) }
      case 'run': {
        const report = await engine.run(message.recipe, message.inputs, task)
        return { answer: report, transfer: buffersOfSets(report.sets) }
      }
      case 'csv': {
        const file = engine.csv(message)
        return { answer: file, transfer: [file.buffer as ArrayBuffer] }
      }
      case 'privacy':
        return { answer: await engine.privacy(message.task, message.options) }
      case 'memory':
        return { answer: engine.memory() }
    }
  }

  /** After a trap nothing in the module can be trusted, nor can anything be given back to it. */
  const breakDown = (error: Broken): void => {
    post({ type: 'broken', text: error.message })
    broken = true
    engine = null
    for (const one of waiting.values()) one.give(null)
  }

  port.listen(async message => {
    if (broken) return
    switch (message.type) {
      case 'cancel':
      case 'drop':
        try {
          if (message.type === 'drop') engine?.close(message.table)
          else tasks.get(message.id)?.cancel()
        } catch (error) {
          if (error instanceof Broken) breakDown(error)
        }
        return
      case 'piece':
      case 'no-piece': {
        const one = waiting.get(message.cursor)
        waiting.delete(message.cursor)
        if (message.type === 'piece') one?.give(message.piece)
        else one?.fail(fail(message.failure.code, message.failure.hint, message.failure))
        return
      }
      default: {
        const { id } = message
        const task = new Task(progress => post({ type: 'progress', id, progress }))
        tasks.set(id, task)
        try {
          const { answer: done, transfer } = await answer(message, task)
          post({ type: 'done', id, call: message.type, answer: done } as FromEngine, transfer)
        } catch (error) {
          if (error instanceof Broken) breakDown(error)
          else post({ type: 'failed', id, failure: failureOf(error) })
        } finally {
          tasks.delete(id)
        }
      }
    }
  }, () => {
    for (const task of tasks.values()) task.cancel()
    broken = true
    engine = null
  })
}
