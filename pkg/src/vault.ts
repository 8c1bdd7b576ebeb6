/**
 * Entries by name, encrypted and bound to their names and versions, over a store that sees only bytes.
 *
 * Files of a vault:
 *
 * * `header` – plain JSON: the format and its version, a random id, how the passphrase becomes a key, and the
 *   vault's own key, encrypted with that. All of it but the encrypted key is authenticated with it.
 * * `index` – encrypted: the names, kinds, versions and files of all entries, and a revision that grows with
 *   each change.
 * * one file for each entry, under a random name: nothing of what a person called it shows.
 *
 * A change writes new files, then the index, then removes the files that are no longer named: whatever
 * happens in between, the old state or the new one is there.
 *
 * Encryption is AES-256-GCM (NIST SP 800-38D) with a random nonce of 96 bits for every write. A counter would
 * need a place that is never put back: a restored copy of the storage, or two of them, would use the same
 * numbers again under the same key, which gives the texts away. Random nonces need no memory. Their bound,
 * 2³² writes under one key (section 8.3), is counted and kept.
 *
 * What is authenticated beside the bytes is the vault's id, the entry's name, version and file: an entry in
 * another's place, of another version or from another vault is refused. That the whole storage was put back
 * to an older state shows while a vault is open, and later to whoever kept its `head`.
 */
import { fail, type SiyuError } from './errors.js'
import type { Store } from './store.js'

/**
 * Rounds of PBKDF2-HMAC-SHA-256: what the OWASP Password Storage Cheat Sheet asks for (read 2026-11; in
 * force there since 2023). A vault keeps the number that it was made with.
 */
export const PBKDF2_ITERATIONS = 600_000
/** More would be a way to keep a machine busy by a changed header. */
const ITERATIONS_MAX = 20_000_000
/** Characters of a passphrase at least: NIST SP 800-63B, section 5.1.1.2. */
const PASSPHRASE_MIN = 8
/** Writes under one key with random nonces: NIST SP 800-38D, section 8.3. */
const WRITES_MAX = 2 ** 32
const FORMAT = 'siyu-workspace'
const VERSION = 1
const NONCE = 12

/** What opens a vault: a passphrase, or a key such as `deviceKey` gives. */
export type Secret = { passphrase: string } | { key: CryptoKey }

type Bytes = Uint8Array<ArrayBuffer>

/** What is known of an entry without its bytes. */
export interface Meta {
  /** A number of its own, never given again: how a log names it. */
  number: number
  kind: string
  version: number
  /** The name of its file. */
  file: string
  bytes: number
  /** The instant from which on it is to be deleted. */
  expires?: string
  /** What its kind says of it. */
  facts: unknown
}

interface Header {
  format: string
  version: number
  id: string
  kdf: { name: 'PBKDF2'; hash: 'SHA-256'; iterations: number; salt: string } | null
  key: string
}

interface Index {
  revision: number
  writes: number
  next: number
  entries: [string, Meta][]
}

/** The state that a change begins with, and what is changed in it. */
export interface Draft {
  readonly entries: ReadonlyMap<string, Meta>
  read(name: string): Promise<Bytes>
  write(name: string, kind: string, bytes: Bytes, more?: { facts?: unknown; expires?: string | undefined }): Meta
  /** Changes what is known of an entry; its bytes stay. */
  note(name: string, facts: unknown): void
  remove(name: string): void
}

const utf8 = (text: string): Bytes => new TextEncoder().encode(text)
const hex = (bytes: Uint8Array): string => Array.from(bytes, byte => byte.toString(16).padStart(2, '0')).join('')
const unhex = (text: string): Bytes => Uint8Array.from(text.match(/../g) ?? [], pair => Number.parseInt(pair, 16))
const random = (bytes: number): Bytes => crypto.getRandomValues(new Uint8Array(bytes))

/** Bytes as the value that their JSON says. */
export const parsed = (bytes: Uint8Array): unknown => JSON.parse(new TextDecoder().decode(bytes))
/** A value as the bytes of its JSON. */
export const written = (value: unknown): Bytes => utf8(JSON.stringify(value))

async function sealed(key: CryptoKey, bytes: Bytes, bound: unknown[]): Promise<Bytes> {
  const nonce = random(NONCE)
  const secret = new Uint8Array(await crypto.subtle.encrypt({ name: 'AES-GCM', iv: nonce, additionalData: written(bound) }, key, bytes))
  const file = new Uint8Array(NONCE + secret.length)
  file.set(nonce)
  file.set(secret, NONCE)
  return file
}

async function unsealed(key: CryptoKey, file: Bytes, bound: unknown[], error: () => SiyuError): Promise<Bytes> {
  try {
    const iv = file.subarray(0, NONCE)
    return new Uint8Array(await crypto.subtle.decrypt({ name: 'AES-GCM', iv, additionalData: written(bound) }, key, file.subarray(NONCE)))
  } catch {
    throw error()
  }
}

/** The key that encrypts the vault's own key. */
async function keyOf(secret: Secret, kdf: Header['kdf']): Promise<CryptoKey> {
  if ('key' in secret) return secret.key
  // NFKC: the same characters typed on another keyboard are the same passphrase.
  const text = utf8(secret.passphrase.normalize('NFKC'))
  const typed = await crypto.subtle.importKey('raw', text, 'PBKDF2', false, ['deriveKey'])
  const { iterations, salt } = kdf as NonNullable<Header['kdf']>
  return crypto.subtle.deriveKey({ name: 'PBKDF2', hash: 'SHA-256', iterations, salt: unhex(salt) }, typed, { name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt'])
}

const boundOf = ({ format, version, id, kdf }: Header): unknown[] => [format, version, id, 'key', kdf]

const wrong = (hint: string, place: object = {}): SiyuError => fail('decode', hint, place)
const notOpened = (secret: Secret): SiyuError => 'key' in secret
  ? fail('denied', 'This is not the key of this workspace, or its header was changed.', { path: 'key' })
  : fail('denied', 'This is not the passphrase of this workspace, or its header was changed.', { path: 'passphrase' })

/** An open vault. */
export class Vault {
  readonly #store: Store
  readonly #id: string
  #key: CryptoKey | null
  /** The newest state that was seen. */
  #revision = 0
  #head = ''

  private constructor(store: Store, id: string, key: CryptoKey) {
    this.#store = store
    this.#id = id
    this.#key = key
  }

  /** Opens the vault of a store; if there is none, makes one. */
  static async open(store: Store, secret: Secret, head?: string): Promise<Vault> {
    if (!globalThis.crypto?.subtle) throw fail('unsupported', 'There is no Web Crypto here: it needs a page from https or localhost.', { path: 'store' })
    if ('passphrase' in secret && [...secret.passphrase].length < PASSPHRASE_MIN) throw fail('invalid-option', `A passphrase has ${PASSPHRASE_MIN} characters at least.`, { path: 'passphrase' })
    return store.lock(async () => {
      const file = await store.read('header')
      if (!file && head !== undefined) throw wrong('The workspace that this head is of is not in this storage.', { path: 'head' })
      const vault = file ? await Vault.#opened(store, secret, file) : await Vault.#made(store, secret)
      const index = await vault.#load(head)
      await vault.#sweep(index)
      return vault
    })
  }

  static async #made(store: Store, secret: Secret): Promise<Vault> {
    if ((await store.list()).some(name => name !== 'index')) throw wrong('The header of this workspace is gone: without it nothing in it can be read.')
    const kdf = 'key' in secret ? null : { name: 'PBKDF2' as const, hash: 'SHA-256' as const, iterations: PBKDF2_ITERATIONS, salt: hex(random(16)) }
    const header: Header = { format: FORMAT, version: VERSION, id: hex(random(16)), kdf, key: '' }
    const own = random(32)
    header.key = hex(await sealed(await keyOf(secret, kdf), own, boundOf(header)))
    const vault = new Vault(store, header.id, await imported(own))
    await vault.#save({ revision: 0, writes: 0, next: 1, entries: [] })
    await store.write('header', written(header))
    return vault
  }

  static async #opened(store: Store, secret: Secret, file: Bytes): Promise<Vault> {
    let header: Header
    try {
      header = parsed(file) as Header
      if (header.format !== FORMAT || typeof header.key !== 'string' || typeof header.id !== 'string') throw new Error()
    } catch {
      throw wrong('The header of this workspace was changed, or is of something else.')
    }
    if (header.version !== VERSION) throw wrong(`This workspace has the version ${Number(header.version)}; here is ${VERSION}: use a newer package.`)
    if ('key' in secret ? header.kdf : !header.kdf) throw fail('denied', `This workspace opens with a ${header.kdf ? 'passphrase' : 'key'}.`, { path: header.kdf ? 'passphrase' : 'key' })
    if (header.kdf && !(header.kdf.iterations > 0 && header.kdf.iterations <= ITERATIONS_MAX && typeof header.kdf.salt === 'string')) throw notOpened(secret)
    const own = await unsealed(await keyOf(secret, header.kdf), unhex(header.key), boundOf(header), () => notOpened(secret))
    return new Vault(store, header.id, await imported(own))
  }

  /** What to keep elsewhere, so that an older state of the whole storage is recognised. */
  get head(): string {
    return this.#head
  }

  /** Reads entries in one state. */
  look<T>(work: (draft: Pick<Draft, 'entries' | 'read'>) => Promise<T>): Promise<T> {
    return this.#locked(async () => {
      const { entries } = await this.#load()
      return work(this.#draft(new Map(entries)))
    })
  }

  /** Changes entries, all of them or none. */
  change<T>(work: (draft: Draft) => Promise<T>): Promise<T> {
    return this.#locked(async () => {
      const index = await this.#load()
      const before = new Map(index.entries)
      const entries = new Map(before)
      const fresh = new Map<string, Bytes>()
      const draft = this.#draft(entries, fresh, index)
      const answer = await work(draft)
      for (const [name, bytes] of fresh) {
        const meta = entries.get(name)
        if (!meta) continue
        await this.#store.write(meta.file, await this.#seal(bytes, this.#boundOf(name, meta)))
        index.writes++
      }
      index.entries = [...entries]
      await this.#save(index)
      for (const [name, { file }] of before) if (entries.get(name)?.file !== file) await this.#store.remove(file)
      return answer
    })
  }

  /** Removes everything, the encrypted key first. */
  async wipe(): Promise<void> {
    await this.#locked(async () => {
      await this.#store.remove('header')
      for (const name of await this.#store.list()) await this.#store.remove(name)
      this.close()
    })
    await this.#store.end?.()
  }

  /** Forgets the key. */
  close(): void {
    this.#key = null
  }

  #draft(entries: Map<string, Meta>, fresh: Map<string, Bytes> = new Map(), index?: Index): Draft {
    return {
      entries,
      read: async name => {
        const staged = fresh.get(name)
        if (staged) return staged
        const meta = entries.get(name)
        if (!meta) throw fail('unknown-table', 'The workspace has no entry of this name.', { table: name })
        const changed = (): SiyuError => wrong('This entry was changed, exchanged for another or put back to an older version.', { table: name.replace(/^\//, '') })
        const file = await this.#store.read(meta.file)
        if (!file) throw changed()
        return unsealed(this.#open(), file, this.#boundOf(name, meta), changed)
      },
      write: (name, kind, bytes, { facts = null, expires } = {}) => {
        const old = entries.get(name)
        const number = old?.kind === kind ? old.number : (index as Index).next++
        const meta: Meta = { number, kind, version: (old?.version ?? 0) + 1, file: hex(random(16)), bytes: bytes.length, facts, ...(expires !== undefined && { expires }) }
        entries.set(name, meta)
        fresh.set(name, bytes)
        return meta
      },
      note: (name, facts) => {
        const meta = entries.get(name)
        if (meta) entries.set(name, { ...meta, facts })
      },
      remove: name => {
        entries.delete(name)
        fresh.delete(name)
      },
    }
  }

  #open(): CryptoKey {
    if (!this.#key) throw fail('closed', 'The workspace was closed.')
    return this.#key
  }

  async #locked<T>(work: () => Promise<T>): Promise<T> {
    this.#open()
    return this.#store.lock(async () => (this.#open(), work()))
  }

  #seal(bytes: Bytes, bound: unknown[]): Promise<Bytes> {
    return sealed(this.#open(), bytes, bound)
  }

  #boundOf(name: string, { version, file }: Meta): unknown[] {
    return [FORMAT, VERSION, this.#id, 'entry', name, version, file]
  }

  /** The index, which must not be older than one that was seen. */
  async #load(head?: string): Promise<Index> {
    const changed = (): SiyuError => wrong('The index of this workspace was changed.')
    const file = await this.#store.read('index')
    if (!file) {
      if ((await this.#store.list()).length > 0) throw changed()
      // Another tab wiped it: to look may have made an empty place again.
      await this.#store.end?.()
      throw fail('closed', 'The workspace was wiped.')
    }
    const index = parsed(await unsealed(this.#open(), file, [FORMAT, VERSION, this.#id, 'index'], changed)) as Index
    const now = await headOf(index.revision, file)
    const older = (seen: string): boolean => index.revision < Number.parseInt(seen) || (index.revision === Number.parseInt(seen) && now !== seen)
    if (index.revision < this.#revision || (head !== undefined && older(head))) throw wrong('The storage of this workspace was put back to an older state.', head === undefined ? {} : { path: 'head' })
    this.#revision = index.revision
    this.#head = now
    return index
  }

  async #save(index: Index): Promise<void> {
    index.revision++
    index.writes++
    if (index.writes > WRITES_MAX) throw fail('limit', 'So much was written with one key that it should not be used for more: make a new workspace.')
    const file = await this.#seal(written(index), [FORMAT, VERSION, this.#id, 'index'])
    await this.#store.write('index', file)
    this.#revision = index.revision
    this.#head = await headOf(index.revision, file)
  }

  /** Removes what a change left behind that did not come to its end. */
  async #sweep({ entries }: Index): Promise<void> {
    const known = new Set(['header', 'index', ...entries.map(([, { file }]) => file)])
    for (const name of await this.#store.list()) if (!known.has(name)) await this.#store.remove(name)
  }
}

function imported(own: Bytes): Promise<CryptoKey> {
  return crypto.subtle.importKey('raw', own, 'AES-GCM', false, ['encrypt', 'decrypt']).finally(() => own.fill(0))
}

async function headOf(revision: number, file: Bytes): Promise<string> {
  return `${revision}-${hex(new Uint8Array(await crypto.subtle.digest('SHA-256', file)))}`
}
