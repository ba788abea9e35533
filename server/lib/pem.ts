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

/** Whether a private key begins in a text, with a passphrase or without. */
export const holdsKey = (text: string): boolean => KEY.test(text)
