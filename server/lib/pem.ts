// What stands in files of certificates and keys (PEM, RFC 7468), as far as it can be seen without reading it.

const BEGIN = /-----BEGIN ((?:TRUSTED |X509 )?CERTIFICATE)-----/g
const KEY = /-----BEGIN [A-Z ]*PRIVATE KEY-----/

/**
 * The certificates of a text, each whole; `isCut`: one begins that does not end. In one pass, whatever it is.
 */
export function certificatesIn(text: string): {
  readonly blocks: readonly string[]
  readonly isCut: boolean
} {
  const blocks: string[] = []
  let endsAt = 0
  for (const { 0: begin, 1: label, index } of text.matchAll(BEGIN)) {
    if (index < endsAt) return { blocks, isCut: true }
    const end = `-----END ${label}-----`
    const at = text.indexOf(end, index + begin.length)
    if (at === -1) return { blocks, isCut: true }
    endsAt = at + end.length
    blocks.push(text.slice(index, endsAt))
  }
  return { blocks, isCut: false }
}

/**
 * The same as TLS reads them, which passes over one that stands behind a byte order mark, and reads none of
 * two that were put together without a line's end between them. What is not whole is left as it is.
 */
export function chainText(text: string): string {
  const { blocks, isCut } = certificatesIn(text)
  return isCut || blocks.length === 0 ? text : `${blocks.join('\n')}\n`
}

/** Whether a private key begins in a text, with a passphrase or without. */
export const holdsKey = (text: string): boolean => KEY.test(text)
