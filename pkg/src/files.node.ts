/** Files of Node as sources: read in pieces, again and again, without holding them in memory. */
import { open, stat } from 'node:fs/promises'
import { basename } from 'node:path'

/** A part of a file. It has what the package asks of a Blob. */
class FilePart {
  readonly size: number
  readonly name: string
  readonly #path: string
  readonly #from: number

  constructor(path: string, from: number, size: number) {
    this.#path = path
    this.#from = from
    this.size = size
    this.name = basename(path)
  }

  slice(from = 0, until = this.size): FilePart {
    const end = Math.min(until, this.size)
    return new FilePart(this.#path, this.#from + from, Math.max(end - from, 0))
  }

  async arrayBuffer(): Promise<ArrayBuffer> {
    const file = await open(this.#path)
    try {
      const bytes = new Uint8Array(this.size)
      let filled = 0
      while (filled < bytes.length) {
        const { bytesRead } = await file.read(bytes, filled, bytes.length - filled, this.#from + filled)
        if (bytesRead === 0) throw Object.assign(new Error('The file became shorter.'), { name: 'NotReadableError' })
        filled += bytesRead
      }
      return bytes.buffer
    } finally {
      await file.close()
    }
  }
}

/** A file as a source. */
export async function fileAt(path: string): Promise<Blob> {
  const { size } = await stat(path)
  return new FilePart(path, 0, size) as unknown as Blob
}
