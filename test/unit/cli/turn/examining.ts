// Runs examinations of fakes.
import type { ErrorCode } from '../../../../server/turn/bytes/errors.ts'
import type { Message } from '../../../../server/turn/bytes/message.ts'
import { METHODS } from '../../../../server/turn/bytes/stun.ts'
import type { Wishes, World } from '../../../../server/cli/turn/examination.ts'
import { examine } from '../../../../server/cli/turn/examine.ts'
import type { Step, StepName } from '../../../../server/cli/turn/report.ts'
import { type FakeTurn, PASSWORD, type Script, USER } from './fake-turn.ts'

export interface Examined {
  readonly isGood: boolean
  readonly steps: readonly Step[]
  /** `step outcome` of each, in their order. */
  readonly course: readonly string[]
  /** The last step of this name. */
  step(name: StepName): Step
}

export const LOGIN = { user: USER, password: PASSWORD, expiryS: null, longer: null }

/** Where the world knows nothing else, each address is public, and "turn.test" is 127.0.0.1. */
const WORLD: World = {
  lookup: async () => ['127.0.0.1'],
  rangeOf: () => null,
  nowMs: () => 1_800_000_000_000,
}

/** The wishes for a fake, with short rounds. */
export function wishesFor(fake: Pick<FakeTurn, 'port' | 'words'>, wishes: Partial<Wishes> = {}): Wishes {
  const transport = fake.words.transport ?? 'udp'
  const url = { isTurn: true, host: '127.0.0.1', port: fake.port, transport }
  return { url, peerUrl: null, login: LOGIN, insecure: true, count: 5, size: 50, timeoutMs: 3000, ...wishes }
}

/** Refuses a method from its `from`th request on; one that needs credentials, those that have them. */
export const refusing =
  (method: number, code: ErrorCode, from = 1): Script =>
  (request, line, fake) => {
    const counts = (message: Message): boolean =>
      message.method === method && (method === METHODS.BINDING || message.hasIntegrity)
    if (!counts(request) || fake.heard.filter(counts).length < from) return false
    fake.refuse(line, request, code)
    return true
  }

/** Examines, and keeps what is told on the way. */
export async function examined(wishes: Wishes, world: Partial<World> = {}): Promise<Examined> {
  const steps: Step[] = []
  const isGood = await examine(wishes, { ...WORLD, ...world }, (step) => void steps.push(step))
  return {
    isGood,
    steps,
    course: steps.map(({ step, outcome }) => `${step} ${outcome}`),
    step: (name) => {
      const found = steps.findLast(({ step }) => step === name)
      if (found === undefined)
        throw new Error(`No step ${name} among ${steps.map(({ step }) => step).join(', ')}`)
      return found
    },
  }
}
