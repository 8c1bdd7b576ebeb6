/** The module's second file inside a script, for pages whose policy forbids fetching: imported when first needed. */
export { default } from '#later-bytes'
