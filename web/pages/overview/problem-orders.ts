// What a problem's buttons do at once, and what came of it in words.
import { type Answer, ask } from '../../data/api.ts'
import type { ConfigStatus } from '../../data/api-types.ts'
import { refreshHeld } from '../../data/held.ts'
import { restoreToDisk } from '../../data/restore.ts'
import { took } from '../../data/say.ts'
import type { ProblemAction } from './problem-links.ts'

export interface Outcome {
  readonly isWell: boolean
  readonly words: string
}

/** Tells how far it is: “Checking 1 of 3”. */
export type Progress = (words: string) => void

/** Does what the button says. Never rejects. */
export async function carryOut(action: ProblemAction, tell: Progress): Promise<Outcome> {
  const outcome = await (ORDERS[action.kind] ?? none)(action, tell)
  refreshHeld()
  return outcome
}

type Order = (action: ProblemAction, tell: Progress) => Promise<Outcome>

const none: Order = async () => ({ isWell: false, words: 'This page is older than the gateway: reload it.' })

const ORDERS: Readonly<Partial<Record<ProblemAction['kind'], Order>>> = {
  check: checkAll,
  ready: makeReady,
  confirm: async (action) => {
    const now = await configOf(action)
    if (!now.ok) return refused(now.problem)
    const answer = await ask('POST /api/v1/config/confirm', {}, matching(now.value.running?.hash))
    return answer.ok ? well('It stays.') : refused(answer.problem)
  },
  roll_back: async (action) => {
    const now = await configOf(action)
    if (!now.ok) return refused(now.problem)
    const asking = { body: {}, ...matching(now.value.running?.hash) }
    const answer = await ask('POST /api/v1/config/rollback', {}, asking)
    return answer.ok ? well(`r${answer.value.revision ?? ''} is served now.`) : refused(answer.problem)
  },
  restore: async (action) => {
    const now = await configOf(action)
    if (!now.ok) return refused(now.problem)
    const answer = await restoreToDisk(now.value.disk.hash, action.revision ?? 0)
    return answer.ok ? well('The file is what is served.') : refused(answer.problem)
  },
  retry: async ({ certificate = '' }) => {
    const answer = await ask('POST /api/v1/certificates/{certificate}/retry', { certificate })
    return answer.ok ? well('It is being obtained; its page shows each step.') : refused(answer.problem)
  },
}

const well = (words: string): Outcome => ({ isWell: true, words })
const refused = ({ title, detail, hint }: { title: string; detail: string; hint?: string }): Outcome => ({
  isWell: false,
  words: [`${title}.`, detail, hint ?? ''].filter(Boolean).join(' '),
})

const matching = (hash: string | null | undefined): { ifMatch?: string } =>
  hash === null || hash === undefined ? {} : { ifMatch: `"${hash}"` }

/** How the config is now; a problem where it is not the one any more that the button was of. */
async function configOf({ revision }: ProblemAction): Promise<Answer<ConfigStatus>> {
  const answer = await ask('GET /api/v1/config/status', {})
  const running = answer.ok ? (answer.value.running?.revision ?? 0) : 0
  if (!answer.ok || revision === undefined || revision === running) return answer
  const detail = `r${running} is served by now, and no more r${revision}.`
  return { ok: false, problem: { ...{ code: 'stale', status: 0, errors: [], detail }, title: 'It is over' } }
}

async function checkAll({ backend = '', servers = [] }: ProblemAction, tell: Progress): Promise<Outcome> {
  const said: string[] = []
  let isWell = true
  for (const [at, server] of servers.entries()) {
    tell(servers.length === 1 ? 'Checking' : `Checking ${at + 1} of ${servers.length}`)
    const route = 'POST /api/v1/backends/{backend}/servers/{server}/checks/run'
    const answer = await ask(route, { backend, server })
    if (!answer.ok) return refused(answer.problem)
    const { result, reason, ms } = answer.value
    if (result !== 'pass') isWell = false
    said.push(
      `${server} ${result === 'pass' ? 'passes' : `fails: ${reason ?? 'no reason given'}`} (${took(ms)})`,
    )
  }
  return { isWell, words: `Checked now. ${said.join('; ')}.` }
}

async function makeReady({ backend = '', servers = [] }: ProblemAction, tell: Progress): Promise<Outcome> {
  for (const [at, server] of servers.entries()) {
    tell(`Taking ${at + 1} of ${servers.length} into use`)
    const route = 'PUT /api/v1/backends/{backend}/servers/{server}/state'
    const answer = await ask(route, { backend, server }, { body: { admin: 'ready' } })
    if (!answer.ok) return refused(answer.problem)
  }
  return well(servers.length === 1 ? 'It is in use again.' : 'They are in use again.')
}
