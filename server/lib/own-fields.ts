// Header fields that config must leave alone: those that frame a message, or belong to one connection. We
// write them ourselves.

/** RFC 9110 §7.6.1 and RFC 9112 §6. */
const OURS: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/** Whether what config does to this field of requests is refused. */
export function isOwnOnRequest(name: string, kind: 'set' | 'add' | 'remove'): boolean {
  const lower = name.toLowerCase()
  // Exactly one Host is a must (RFC 9112 §3.2): it may be replaced, not doubled or taken away.
  if (lower === 'host') return kind !== 'set'
  return lower === 'expect' || OURS.has(lower)
}

/** The same of answers. */
export function isOwnOnAnswer(name: string): boolean {
  const lower = name.toLowerCase()
  return lower === 'host' || OURS.has(lower)
}

/** What problems say of one. */
export const OWN_FIELD = {
  allowed: 'fields that do not frame the message or belong to the connection',
  hint: 'the gateway writes it itself',
}

/** What problems say where an answer's field seems to want something put in. */
export const VARIABLES_OF_ANSWERS = 'write ${NAME} for an environment variable of the gateway'
