// The one way by which a file goes from the page to the reader's disk.

/** Hands a CSV to the browser, which asks or knows where to put it. */
export function handOver(content: Uint8Array, name: string) {
  const address = URL.createObjectURL(new Blob([content as BlobPart], { type: 'text/csv' }))
  const link = document.createElement('a')
  link.href = address
  link.download = name
  link.click()
  // The browser has taken the file over by the next minute; then its memory is given back.
  setTimeout(() => URL.revokeObjectURL(address), 60_000)
}
