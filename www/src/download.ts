// The one way by which a file goes from the page to the reader's disk.

/** Hands a file, a CSV unless it says otherwise, to the browser, which asks or knows where to put it. */
export function handOver(content: Uint8Array | string, name: string, type = 'text/csv') {
  const address = URL.createObjectURL(new Blob([content as BlobPart], { type }))
  const link = document.createElement('a')
  link.href = address
  link.download = name
  link.click()
  // The browser has taken the file over by the next minute; then its memory is given back.
  setTimeout(() => URL.revokeObjectURL(address), 60_000)
}
