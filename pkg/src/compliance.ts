/**
 * What the law and platforms ask around a computation: records of consent from a file, tables in which nobody is found, the manifest of what
 * leaves, documents, texts and plans of campaigns. Plain data in, plain data out; nothing is stored or sent.
 */
export { anonymise, type Anonymised, type AnonymiseOptions, type Coarser } from './anonymise.js'
export { CONSENT_FIELDS, consentColumns, type ConsentField, type Consents, consentsOf, type ConsentsOptions, type NoConsent, type RefusedConsent } from './consents.js'
export { type Controller, documentsOf, type Documents, type Triggered } from './documents.js'
export { SiyuError } from './errors.js'
export { abroadBefore, type Band, crossBorderBand, type Manifest, manifestOf, type Recipient, releaseEntry, type ReleaseFacts, type ReleaseMode } from './manifest.js'
export * from './rules.js'
export { checkContacts, checkText, type Contact, type TooOften, type WordFound } from './wording.js'
