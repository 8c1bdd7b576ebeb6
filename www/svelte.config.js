import { vitePreprocess } from '@sveltejs/vite-plugin-svelte'

export default {
  preprocess: vitePreprocess(),
  compilerOptions: {
    runes: true,
    // Tables become cards on narrow screens by `display: block`, which takes their roles away: they are written out.
    warningFilter: warning => warning.code !== 'a11y_no_redundant_roles',
  },
}
