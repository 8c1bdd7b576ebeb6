/** The JavaScript that wasm-bindgen generates, made into a function by the build. */
declare module '#glue' {
  const makeGlue: import('./wasm.js').MakeGlue
  export default makeGlue
}

/** The same for the module of sheets. */
declare module '#sheet-glue' {
  const makeGlue: () => import('./sheet.js').SheetGlue
  export default makeGlue
}

/** The bytes of siyu.wasm as base64, put in by the build. */
declare module '#bytes' {
  const base64: string
  export default base64
}

/** The bytes of later.wasm as base64. */
declare module '#later-bytes' {
  const base64: string
  export default base64
}

/** The bytes of sheet.wasm as base64. */
declare module '#sheet-bytes' {
  const base64: string
  export default base64
}
