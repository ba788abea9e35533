// Rollouts: servers of a backend are replaced batch by batch. They run in the gateway, whoever looks.
import { type Answer, ask, type AnswerOf } from './api.ts'
import { refreshHeld } from './held.ts'
import type { ServerFields } from './servers.ts'

type Operation = AnswerOf<'GET /api/v1/backends/{backend}/rollouts/{rollout}'>

export interface Rollout extends Omit<Operation, 'facts' | 'state'> {
  readonly state: 'running' | 'paused' | 'done' | 'failed' | 'aborted'
  readonly facts: {
    readonly by?: string
    readonly added?: readonly ServerFields[]
    readonly removed?: readonly string[]
    readonly batch_size?: number
    readonly interval_s?: number
    /** Why it ended as it did. */
    readonly why?: string | null
  }
}

export interface RolloutBody {
  readonly new_servers: readonly ServerFields[]
  readonly batch_size: number
  /** Seconds. */
  readonly interval: number
  readonly gate: number
  readonly on_failure: 'roll_back' | 'pause'
}

const look = (): void => refreshHeld((url) => url.includes('/api/v1/backends'))

export async function beginRollout(
  backend: string,
  { new_servers, ...body }: RolloutBody,
): Promise<Answer<AnswerOf<'POST /api/v1/backends/{backend}/rollouts'>>> {
  const servers = new_servers.map(({ url, name, weight }) => ({
    url,
    ...(name !== undefined && { name }),
    ...(weight !== undefined && { weight }),
  }))
  const answer = await ask(
    'POST /api/v1/backends/{backend}/rollouts',
    { backend },
    {
      body: { new_servers: servers, ...body },
    },
  )
  look()
  return answer
}

export type RolloutWish = 'pause' | 'resume' | 'abort' | 'rollback'

export async function wishRollout(
  backend: string,
  rollout: string,
  wish: RolloutWish,
): Promise<Answer<unknown>> {
  const answer = await ask(`POST /api/v1/backends/{backend}/rollouts/{rollout}/${wish}`, { backend, rollout })
  look()
  return answer
}
