/** The module of sheets inside a script, for pages whose policy forbids fetching: imported when first needed. */
export { default } from '#sheet-bytes'
