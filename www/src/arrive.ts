// Fetches the files of a part of the page before the part is imported. Some browsers remember for ever
// that the import of an address failed, so that a part missed once could not be had again by importing.

const here = new Set<string>()

/** Resolves when all files have come; each is asked for until it has. */
async function arrive(files: readonly string[], from: string): Promise<void> {
  await Promise.all(files.map(async file => {
    const address = new URL(file, from).href
    if (here.has(address)) return
    const response = await fetch(address)
    if (!response.ok) throw new TypeError(`${address}: ${response.status}`)
    await response.arrayBuffer()
    here.add(address)
  }))
}

// The build calls it in front of each import of a part (vite.config.ts).
Object.assign(globalThis, { siyuArrive: arrive })
