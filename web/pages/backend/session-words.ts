// By what sessions stay, from what is written of them; and what must be written for another way.

export type Kept = 'nothing' | 'cookie' | 'learn' | 'header' | 'client_ip'

interface Kind {
  readonly value: Kept
  readonly label: string
  readonly about: string
}

export const KINDS: readonly Kind[] = [
  { value: 'nothing', label: 'Nothing', about: 'Each request goes where the algorithm says.' },
  {
    ...{ value: 'cookie', label: 'A cookie of the gateway' },
    about:
      'A signed cookie that does not tell which server it is. Who has none goes where the algorithm says.',
  },
  {
    ...{ value: 'learn', label: 'A cookie of the servers' },
    about: 'Who has a cookie of this name stays with the server that gave it.',
  },
  {
    ...{ value: 'header', label: 'A header' },
    about: 'Requests with the same value of this field go to the same server.',
  },
  {
    value: 'client_ip',
    label: 'The client’s address',
    about: 'Clients of one address go to the same server.',
  },
]

type Written = Readonly<Record<string, unknown>>

const isMap = (value: unknown): value is Written =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** `sticky` as it is written. */
export function byOf(sticky: unknown): Kept {
  if (sticky === undefined || sticky === null || sticky === false) return 'nothing'
  if (!isMap(sticky)) return 'cookie'
  if (sticky['header'] !== undefined) return 'header'
  if (sticky['client_ip'] === true) return 'client_ip'
  return sticky['learn'] === undefined ? 'cookie' : 'learn'
}

const FIRST: Readonly<Record<Exclude<Kept, 'nothing'>, Written>> = {
  cookie: {},
  learn: { learn: 'session' },
  header: { header: 'X-User' },
  client_ip: { client_ip: true },
}

/** What all ways have. */
const SHARED = ['drain']

/** A merge patch (RFC 7396) from what is written to another way: nothing of the old one is left behind. */
export function patchTo(kept: Kept, sticky: unknown): true | null | Written {
  if (kept === 'nothing') return null
  const before = isMap(sticky) ? Object.keys(sticky) : []
  const gone = before.filter((name) => !SHARED.includes(name)).map((name) => [name, null] as const)
  if (kept === 'cookie' && before.length === gone.length) return true
  return { ...Object.fromEntries(gone), ...FIRST[kept] }
}
