// An event of a gateway as a line for people.

/** As the gateway tells it. */
export interface ToldEvent {
  readonly id: number
  readonly time: string
  readonly level: string
  readonly topic: string
  readonly name: string
  readonly [field: string]: unknown
}

/** Told by the columns before, or of no use to who watches: `--json` has all. */
const LEFT_OUT: ReadonlySet<string> = new Set(
  'id time level topic name event hash pid workers admin admin_fingerprint sockets'.split(' '),
)
const VALUE_CHARS_MAX = 300
const NAME_COLUMNS = 24

/** "12:34:56 warn  health.unhealthy  backend=api server=a reason="status 500"". */
export function eventLine(event: ToldEvent): string {
  const clock = new Date(event.time).toTimeString().slice(0, 8)
  const fields = Object.entries(event).flatMap(([name, value]) =>
    LEFT_OUT.has(name) || value === null || value === undefined ? [] : [`${name}=${spelled(value)}`],
  )
  return `${clock} ${event.level.padEnd(5)} ${event.name.padEnd(NAME_COLUMNS)} ${fields.join(' ')}`.trimEnd()
}

/** Bare where it is one plain word; nothing in it may move the cursor of who reads it. */
function spelled(value: unknown): string {
  const problems = Array.isArray(value)
    ? value.flatMap((one: { message?: unknown }) => one.message ?? [])
    : []
  if (problems.length > 0) return spelled(problems.join('; '))
  const text = typeof value === 'string' && /^[\w.:/@+-]+$/.test(value) ? value : JSON.stringify(value)
  const plain = text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '?')
  return plain.length > VALUE_CHARS_MAX ? `${plain.slice(0, VALUE_CHARS_MAX)}…` : plain
}
