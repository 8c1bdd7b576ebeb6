/** A folder as the store of a workspace, in Node. Loaded only by those who ask for it. */
import { mkdir, open, readdir, readFile, rename, rm, rmdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { fail } from './errors.js'
import { inTurn, type Store } from './store.js'

/** How long another process may be at work before it is an error. */
const PATIENCE_MS = 30_000
const LOCK = 'lock'
const PART = '.part'

/**
 * Files in a folder, which is made when it is first written to. One process works in it at a time: a file
 * `lock` says so. If a process ended without giving it back, the error names that file.
 */
export function directoryStore(folder: string): Store {
  const at = (name: string): string => join(folder, name)
  const turn = inTurn()
  const none = (error: NodeJS.ErrnoException): null => {
    if (error.code === 'ENOENT') return null
    throw error
  }
  const locked = async (): Promise<void> => {
    await mkdir(folder, { recursive: true })
    for (const until = performance.now() + PATIENCE_MS; ; await wait(20)) {
      try {
        return await (await open(at(LOCK), 'wx')).close()
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
        if (performance.now() > until) throw fail('unsupported', `Another process works in this folder, or ended in the middle: if none does, remove ${at(LOCK)}.`, { path: 'store' })
      }
    }
  }
  return {
    list: async () => ((await readdir(folder).catch(none)) ?? []).filter(name => name !== LOCK && !name.endsWith(PART)),
    async read(name) {
      const bytes = await readFile(at(name)).catch(none)
      return bytes && new Uint8Array(bytes)
    },
    async write(name, bytes) {
      const file = await open(at(`${name}${PART}`), 'w', 0o600)
      try {
        await file.writeFile(bytes)
        await file.sync()
      } finally {
        await file.close()
      }
      await rename(at(`${name}${PART}`), at(name))
    },
    remove: name => rm(at(name), { force: true }),
    lock: work => turn(async () => {
      await locked()
      return work().finally(() => rm(at(LOCK), { force: true }))
    }),
    async end() {
      for (const name of (await readdir(folder).catch(none)) ?? []) if (name.endsWith(PART)) await rm(at(name), { force: true })
      await rmdir(folder).catch(error => { if (!['ENOENT', 'ENOTEMPTY'].includes(error.code)) throw error })
    },
  }
}
