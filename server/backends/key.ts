// What the hash algorithms look at.
import type { RequestHead } from '../head/request-head.ts'
import type { BackendConfig } from './backend.options.ts'
import { hashPart, hashText } from './hash.ts'
import { stickyWords } from './sticky-words.ts'

/**
 * Added to the key of who names by what it is hashed (its cookie, field or parameter), as a new client does
 * not: while a server drains, such stay with it. Addresses and paths are no such names, as all requests have
 * them, and no server would ever be empty. What is hashed takes the low 32 bits of a key.
 */
export const BOUND = 2 ** 32

/** The number that a request is hashed to. */
export type KeyOf = (request: RequestHead, clientAddress: string) => number

/**
 * The key of a backend's requests; always 0 where the algorithm needs none. A request that lacks the part in
 * question, or has it empty, is hashed on its client's address: otherwise all such requests would go to one
 * server.
 */
export function keyOf({ algorithm, hash, sticky }: BackendConfig): KeyOf {
  const words = stickyWords({ sticky })
  if (words?.by === 'client_ip') return (_request, client) => BOUND + hashText(client)
  if (words?.by === 'header') return byOwnField((words.header ?? '').toLowerCase())
  if (algorithm === 'ip_hash') return byClient
  if (algorithm !== 'hash' || hash === undefined) return none
  const { by, name = '' } = hash
  switch (by) {
    case 'client_ip':
      return byClient
    case 'path':
      return (request) => hashText(request.path)
    case 'header': {
      const field = name.toLowerCase()
      return (request, client) => {
        const value = request.get(field)
        return value ? BOUND + hashText(value) : hashText(client)
      }
    }
    case 'cookie':
      return (request, client) => hashValue(request.get('cookie') ?? '', name, SEMICOLON, client)
    case 'query':
      return (request, client) => hashValue(request.query, name, AMPERSAND, client)
  }
}

/** The same of who only connects, and asks for nothing that could be looked at. */
export function clientKeyOf({ algorithm, hash, sticky }: BackendConfig): (clientAddress: string) => number {
  if (stickyWords({ sticky })?.by === 'client_ip') return (client) => BOUND + hashText(client)
  const isHashed = algorithm === 'ip_hash' || (algorithm === 'hash' && hash?.by === 'client_ip')
  return isHashed ? hashText : () => 0
}

/** Who has no such field belongs nowhere. */
const byOwnField =
  (field: string): KeyOf =>
  (request) => {
    const value = request.get(field)
    return value ? BOUND + hashText(value) : 0
  }

const none: KeyOf = () => 0
const byClient: KeyOf = (_request, client) => hashText(client)

const SEMICOLON = 59
const AMPERSAND = 38
const EQUALS = 61
const SPACE = 32
const TAB = 9

/** Hashes the value of the first `name=value` among pairs with a separator between them. */
function hashValue(text: string, name: string, separator: number, otherwise: string): number {
  let at = 0
  while (at < text.length) {
    while (text.charCodeAt(at) === SPACE || text.charCodeAt(at) === TAB) at++
    let end = at
    while (end < text.length && text.charCodeAt(end) !== separator) end++
    const value = at + name.length + 1
    if (value < end && text.charCodeAt(value - 1) === EQUALS && text.startsWith(name, at))
      return BOUND + hashPart(text, value, end)
    at = end + 1
  }
  return hashText(otherwise)
}
