/**
 * Where a workspace keeps its files: nothing but names and bytes, which are encrypted before they come here.
 * Nothing is opened, made or asked before the first call of one of the functions of a store.
 */
import { fail } from './errors.js'

/** Files by name. Whatever a store is built on, these are all that a workspace needs. */
export interface Store {
  /** The names of all files. */
  list(): Promise<string[]>
  /** A file, null if there is none. */
  read(name: string): Promise<Uint8Array<ArrayBuffer> | null>
  /** Writes a file as a whole: whoever reads it, also after a crash, sees the old bytes or the new ones. */
  write(name: string, bytes: Uint8Array<ArrayBuffer>): Promise<void>
  /** Removes a file; none is no error. */
  remove(name: string): Promise<void>
  /** Does some work while nobody else, in any tab or process, does work on the same files. */
  lock<T>(work: () => Promise<T>): Promise<T>
  /** Takes away what stands around the files, such as a folder. Called when they are all removed. */
  end?(): Promise<void>
}

/** Files in memory: for tests, and for those who keep the bytes somewhere else. One store for one map: it is what keeps turns. */
export function memoryStore(files: Map<string, Uint8Array<ArrayBuffer>> = new Map()): Store {
  return {
    list: async () => [...files.keys()],
    read: async name => files.get(name)?.slice() ?? null,
    write: async (name, bytes) => void files.set(name, bytes.slice()),
    remove: async name => void files.delete(name),
    lock: inTurn(),
  }
}

/** One piece of work after the other, on this thread. */
export function inTurn(): Store['lock'] {
  let last: Promise<unknown> = Promise.resolve()
  return work => {
    const done = last.then(work)
    last = done.catch(() => {})
    return done
  }
}

/** Work that no other tab does at the same time (Web Locks). */
function acrossTabs(name: string): Store['lock'] {
  return async work => {
    if (!globalThis.navigator?.locks) throw fail('unsupported', 'There are no Web Locks here (they need a page from https or localhost): give a store of your own.', { path: 'store' })
    // The types of the platform take a promise's promise for its answer.
    return await navigator.locks.request(name, work) as Awaited<ReturnType<typeof work>>
  }
}

/** What a store says when it has no room. */
function full(error: unknown): never {
  if ((error as { name?: string } | null)?.name === 'QuotaExceededError') throw fail('limit', 'The browser gives this page no more room: remove something, or free space on the disk.', { path: 'store' })
  throw error
}

function settled<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })
}

/** Work on the only object store of a database, which is made when it is first needed. */
function database(name: string): { use<T>(mode: IDBTransactionMode, work: (files: IDBObjectStore) => Promise<T>): Promise<T>; close(): void } {
  let opened: Promise<IDBDatabase> | null = null
  const open = async (): Promise<IDBDatabase> => {
    if (typeof indexedDB === 'undefined') throw fail('unsupported', 'There is no IndexedDB here: give another store.', { path: 'store' })
    const request = indexedDB.open(name, 1)
    request.onupgradeneeded = () => void request.result.createObjectStore('files')
    const found = await settled(request)
    // Another tab that takes the database away must not wait for this one.
    found.onversionchange = () => { found.close(); opened = null }
    return found
  }
  return {
    async use(mode, work) {
      opened ??= open()
      const found = await opened.catch(error => { opened = null; throw error })
      const transaction = found.transaction('files', mode, { durability: 'strict' })
      const done = new Promise<void>((resolve, reject) => {
        transaction.oncomplete = () => resolve()
        transaction.onabort = transaction.onerror = () => reject(transaction.error ?? fail('limit', 'The browser did not keep it: is the disk full?', { path: 'store' }))
      })
      done.catch(() => {}) // reported below
      const answer = await work(transaction.objectStore('files')).catch(full)
      await done.catch(full)
      return answer
    },
    close() {
      opened?.then(found => found.close(), () => {})
      opened = null
    },
  }
}

/** Files in a database of the browser (IndexedDB), under a name of its own. */
export function indexedDbStore(name: string): Store {
  const at = `siyu-workspace:${name}`
  const files = database(at)
  return {
    list: () => files.use('readonly', async all => (await settled(all.getAllKeys())) as string[]),
    read: file => files.use('readonly', async all => ((await settled(all.get(file))) as Uint8Array<ArrayBuffer> | undefined) ?? null),
    write: (file, bytes) => files.use('readwrite', async all => void (await settled(all.put(bytes, file)))),
    remove: file => files.use('readwrite', async all => settled(all.delete(file))),
    lock: acrossTabs(at),
    async end() {
      files.close()
      await settled(indexedDB.deleteDatabase(at))
    },
  }
}

/** Files in the browser's own file system (OPFS), in a folder of its own: better than a database for large ones. */
export function opfsStore(name: string): Store {
  const at = `siyu-workspace-${encodeURIComponent(name)}`
  const root = async (): Promise<FileSystemDirectoryHandle> => {
    if (!globalThis.navigator?.storage?.getDirectory) throw fail('unsupported', 'There is no file system for pages here: use indexedDbStore.', { path: 'store' })
    return navigator.storage.getDirectory()
  }
  const folder = async (): Promise<FileSystemDirectoryHandle> => (await root()).getDirectoryHandle(at, { create: true })
  const none = (error: unknown): null => {
    if ((error as { name?: string } | null)?.name === 'NotFoundError') return null
    throw error
  }
  return {
    async list() {
      const names = []
      for await (const one of (await folder() as unknown as { keys(): AsyncIterable<string> }).keys()) if (!one.endsWith('.crswap')) names.push(one)
      return names
    },
    async read(file) {
      const handle = await (await folder()).getFileHandle(file).catch(none)
      return handle && new Uint8Array(await (await handle.getFile()).arrayBuffer())
    },
    async write(file, bytes) {
      const handle = await (await folder()).getFileHandle(file, { create: true })
      if (typeof handle.createWritable !== 'function') throw fail('unsupported', 'Files cannot be written as a whole here: use indexedDbStore.', { path: 'store' })
      // What is written takes the place of the old file when it is closed, all at once.
      const writing = await handle.createWritable()
      await writing.write(bytes).then(() => writing.close()).catch(full)
    },
    remove: async file => void (await (await folder()).removeEntry(file).catch(none)),
    lock: acrossTabs(`opfs:${at}`),
    end: async () => void (await (await root()).removeEntry(at, { recursive: true }).catch(none)),
  }
}

const KEYS = 'siyu-workspace-keys'

/**
 * A key of this browser, made when it is first asked for. No script can read it (`extractable: false`), so
 * it cannot be copied to another device either; who can run scripts on this page's origin can use it.
 */
export async function deviceKey(name: string): Promise<CryptoKey> {
  const fresh = await crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt'])
  const keys = database(KEYS)
  try {
    return await keys.use('readwrite', async all => {
      const held = (await settled(all.get(name))) as CryptoKey | undefined
      if (!held) await settled(all.put(fresh, name))
      return held ?? fresh
    })
  } finally {
    keys.close()
  }
}

/** Takes a key of this browser away. What was encrypted with it can never be read again. */
export async function forgetDeviceKey(name: string): Promise<void> {
  const keys = database(KEYS)
  await keys.use('readwrite', async all => settled(all.delete(name))).finally(() => keys.close())
}
