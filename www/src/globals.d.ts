/** The address of the document that says what was tested about requests, beside the page; null if it was built without it. */
declare const __PRIVACY__: string | null
