/**
 * Starting a worker where the page's policy demands trusted types for scripts.
 *
 * The address goes through a policy named `siyu`, so a page allows it by `trusted-types siyu`. It
 * is the package's own file, or what the caller passed to `open`.
 */
interface Policy {
  createScriptURL(address: string): unknown
}
interface Factory {
  createPolicy(name: string, rules: { createScriptURL(address: string): string }): Policy
}

let policy: Policy | null | undefined

/** A module worker from the script at an address. */
export function workerAt(address: URL | string): Worker {
  return new Worker(trusted(String(address)) as string, { type: 'module', name: 'siyu' })
}

function trusted(address: string): unknown {
  if (policy === undefined) {
    const { trustedTypes } = globalThis as { trustedTypes?: Factory }
    try {
      policy = trustedTypes?.createPolicy('siyu', { createScriptURL: given => given }) ?? null
    } catch {
      // The page allows no policy of this name, or a second copy of the package made it: a default
      // policy may still let the address through.
      policy = null
    }
  }
  return policy ? policy.createScriptURL(address) : address
}
