// What the last wipe removed, in words: shown on the empty page that it leaves behind.
let lines = $state.raw<readonly string[]>([])

export const wiped = {
  get lines() {
    return lines
  },
  set lines(next: readonly string[]) {
    lines = next
  },
}
