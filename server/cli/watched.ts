// Waits for the end of a change that is watched, and tells it.
import { askSocket } from './control.ts'
import { type Gateway, unexpected } from './gateway.ts'
import type { Io } from './io.ts'

interface Told {
  readonly ended: string | null
  readonly facts: {
    readonly outcome?: string
    readonly why?: string | null
    readonly window_s: number
    readonly before: Figures
    readonly after?: Figures
  }
}

interface Figures {
  readonly requests: number
  readonly server_errors: number
  readonly p95_ms: number | null
  readonly servers: number
  readonly usable: number
}

interface Watching {
  readonly gateway: Gateway
  readonly operation: string
  readonly isJson: boolean
}

const LOOK_EVERY_MS = 500

/** The exit code: 0 when it was kept. */
export async function watched({ gateway, operation, isJson }: Watching, io: Io): Promise<number> {
  for (;;) {
    const answer = await askSocket(gateway, { method: 'GET', path: `/api/v1/operations/${operation}` }, io)
    if (answer === null) return cut(io)
    if (answer.status !== 200) return unexpected(answer, 'apply', io)
    const { ended, facts } = answer.body as Told
    if (ended === null) {
      await Bun.sleep(LOOK_EVERY_MS)
      continue
    }
    const { outcome, why = null, before, after } = facts
    if (isJson) {
      io.stdout(`${JSON.stringify(answer.body)}\n`)
      return outcome === 'kept' ? 0 : 1
    }
    io.stdout(`before: ${wordsOf(before)}\nafter: ${after === undefined ? '-' : wordsOf(after)}\n`)
    io.stdout(outcome === 'kept' ? 'kept\n' : `${outcome?.replace('_', ' ')}: ${why}\n`)
    return outcome === 'kept' ? 0 : 1
  }
}

/** Nobody answers any more, which is told already. */
function cut(io: Io): number {
  io.stderr(
    'sluice apply: the gateway ended while the change was watched, which does not take it back: once it runs again, "sluice history" tells what holds\n',
  )
  return 1
}

const wordsOf = ({ requests, server_errors: errors, p95_ms: slow, servers, usable }: Figures): string =>
  [
    `${requests} requests`,
    `${errors} answered with 5xx`,
    `p95 ${slow === null ? '-' : `${Math.round(slow * 10) / 10} ms`}`,
    `${usable} of ${servers} servers usable`,
  ].join(', ')
