// Whom this system trusts: its own bundle of issuers (where SSL_CERT_FILE or SSL_CERT_DIR is, else where
// systems have it). A system without one, as small containers are, leaves us the one that Bun brings:
// Mozilla's as it was when this program was built.

/** PEM, each by itself; null: what Bun brings. */
export function trustedHere(): readonly string[] | null {
  read ??= { issuers: readSystem() }
  return read.issuers
}
let read: { readonly issuers: readonly string[] | null } | null = null

function readSystem(): readonly string[] | null {
  try {
    const issuers = process.getBuiltinModule('node:tls').getCACertificates('system')
    return issuers.length > 0 ? issuers : null
  } catch {
    return null
  }
}
