// Files of users and of keys, a line each, as people and their programs write them.
import { isKeyHash, type KeyWords } from './key-hash-text.ts'
import { whyNoHash } from './password-hash.ts'

/** What is wrong with a line. */
export interface BadLine {
  readonly line: number
  readonly why: string
  readonly hint: string | null
}

/** Users by their names, with the hashes of their passwords; or the first line that is none. */
export function readUsers(text: string): ReadonlyMap<string, string> | BadLine {
  const users = new Map<string, string>()
  for (const { line, words } of linesOf(text)) {
    const colon = words.indexOf(':')
    const name = words.slice(0, Math.max(0, colon))
    // Fields behind the hash are another program's.
    const [hash = ''] = words.slice(colon + 1).split(':')
    if (name === '') return { line, why: 'is no "NAME:HASH"', hint: 'sluice hash --user NAME prints one' }
    const why = whyNoHash(hash)
    if (why !== null) return { line, why: `has no ${why.allowed.replace(/^an? /, '')}`, hint: why.hint }
    if (users.has(name)) return { line, why: 'has a user who stands there before', hint: null }
    users.set(name, hash)
  }
  return users
}

/** `OWNER HASH [expires=TIME] [rules=NAME,NAME]`, with blanks between them. */
export function readKeys(text: string): readonly (readonly [owner: string, key: KeyWords])[] | BadLine {
  const keys: [string, KeyWords][] = []
  const seen = new Set<string>()
  for (const { line, words } of linesOf(text)) {
    const [owner = '', hash = '', ...more] = words.split(/[ \t]+/)
    if (!isKeyHash(hash))
      return {
        line,
        why: 'is no "OWNER sha256:…"',
        hint: 'sluice hash --api-key makes a key and prints its hash',
      }
    if (seen.has(hash)) return { line, why: 'has a key that stands there before', hint: null }
    seen.add(hash)
    const said = new Map(more.map((one) => [one.split('=')[0] ?? '', one.slice(one.indexOf('=') + 1)]))
    const odd = [...said.keys()].find((key) => key !== 'expires' && key !== 'rules')
    if (odd !== undefined)
      return { line, why: `says "${odd.slice(0, 40)}"`, hint: 'write expires=TIME or rules=NAME,NAME' }
    const expires = said.get('expires')
    if (expires !== undefined && Number.isNaN(Date.parse(expires)))
      return { line, why: 'has a time that there is none', hint: 'write expires=2027-01-31T12:00:00Z' }
    const rules =
      said
        .get('rules')
        ?.split(',')
        .filter((name) => name !== '') ?? []
    keys.push([owner, { hash, rules, ...(expires !== undefined && { expires }) }])
  }
  return keys
}

function* linesOf(text: string): Generator<{ readonly line: number; readonly words: string }> {
  for (const [place, one] of text.split('\n').entries()) {
    const words = one.trim()
    if (words !== '' && !words.startsWith('#')) yield { line: place + 1, words }
  }
}

/** Bytes as one character each, as plans have them, as the text that they are; throws where they are none. */
export const utf8Text = (bytes: string): string =>
  new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(bytes, 'latin1'))
