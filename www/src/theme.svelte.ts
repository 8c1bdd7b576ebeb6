// Light or dark: the system's preference unless the reader chose.
const STORED = 'siyu.theme'
const system = matchMedia('(prefers-color-scheme: dark)')

export type Choice = 'system' | 'light' | 'dark'

const stored = document.documentElement.dataset.theme
let choice = $state<Choice>(stored === 'light' || stored === 'dark' ? stored : 'system')
let systemDark = $state(system.matches)
system.addEventListener('change', event => (systemDark = event.matches))

export const themeChoice = () => choice

/** Whether the page is dark now. */
export const isDark = () => choice === 'dark' || (choice === 'system' && systemDark)

export function nextTheme() {
  choice = choice === 'system' ? 'light' : choice === 'light' ? 'dark' : 'system'
  if (choice === 'system') delete document.documentElement.dataset.theme
  else document.documentElement.dataset.theme = choice
  try {
    if (choice === 'system') localStorage.removeItem(STORED)
    else localStorage.setItem(STORED, choice)
  } catch {
    // Not remembered; nothing else depends on it.
  }
}
