// What variables are told of a request that nobody has sent: explained, or asked of another config.
import type { RequestHead } from '../head/request-head.ts'
import { nowMs } from '../lib/clock.ts'
import type { AskedBy } from './asked.ts'
import { ruleCaptures } from './captures.ts'
import { ANYTHING } from './match.ts'
import type { Condition } from './match.options.ts'
import type { Told } from './variables.ts'

interface Asked {
  readonly request: RequestHead
  readonly by: AskedBy
  readonly listener: string
  /** The rule that takes it; null: none has. */
  readonly rule: { readonly name: string; readonly match: Condition } | null
}

/** It has no server, and nobody knows who it is of. */
export const toldOf = ({ request, by, listener, rule }: Asked): Told => ({
  id: '-',
  listener: { name: listener },
  rule: {
    name: rule === null ? '-' : rule.name,
    to: NOWHERE,
    captures: ruleCaptures(rule === null ? ANYTHING : rule.match),
  },
  request,
  client: { address: by.address, port: 0, scheme: by.scheme, tls: by.tls },
  identity: null,
  server: null,
  attempts: 0,
  status: 0,
  startedMs: nowMs,
})

const NOWHERE = { is: 'respond' }
